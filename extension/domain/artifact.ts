/**
 * An artifact: a file that at least one indicator points at, with everything that was learnt about it.
 */
import { type Finding, type Verdict, verdictOf } from './finding.ts'
import type { Level } from './level.ts'
import type { DigestAlgorithm, ObservableType } from './observable.ts'
import type { PathText } from './path-text.ts'
import type { Payload } from './payload.ts'
import type { Platform } from './platform.ts'
import type { Product } from './product.ts'

/** One file. Times are unix seconds, sizes bytes. */
export interface Artifact {
  /** Path on this machine. */
  readonly path: PathText
  /** Path as the examined system names it: `C:\Users\...` inside a Windows image. */
  readonly imagePath: PathText
  readonly size: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly owner: string
  readonly btime: number
  readonly atime: number
  readonly mtime: number
  readonly ctime: number
  readonly platform: Platform | undefined
  readonly digests: Readonly<Partial<Record<DigestAlgorithm, string>>>
  readonly product: Product | undefined
  /** What was hidden inside and could be decoded, or at least delimited. */
  readonly payloads: readonly Payload[]
  /** What could not be read of it, one sentence each. */
  readonly notes: readonly string[]
  readonly verdict: Verdict
  readonly level: Level
  /** Findings that give the verdict and those that only add context, gravest first. */
  readonly findings: readonly Finding[]
}

const words: Readonly<Partial<Record<ObservableType, string>>> = {
  sha256: 'SHA-256',
  sha1: 'SHA-1',
  md5: 'MD5',
  path: 'place',
  filename: 'name',
  structure: 'structure',
  yara_rule: 'rule',
}

/** How a finding came about, as `matched_by` says it: the type of the observable, or where inside the file it was. */
export function matchedBy(finding: Finding): string {
  const { source } = finding.evidence
  return source === 'payload' || source === 'member' ? source : finding.observable.type
}

/** Why a file counts, in one sentence: how the gravest indicator matched, what it is, and who published it. */
export function whyArtifact(artifact: Artifact): string {
  const speaking = artifact.findings.filter((one) => verdictOf(one.indicator) === artifact.verdict)
  const [first] = speaking
  if (!first) return 'no indicator'
  const { observable, indicator, evidence } = first
  const sets = new Set(speaking.map((one) => one.indicator.set))
  const others = sets.size > 1 ? ` and ${sets.size - 1} more` : ''
  const what =
    evidence.source === 'payload' ? `decoded ${observable.type}` : (words[observable.type] ?? observable.type)
  const where = evidence.member === undefined ? '' : `, in its member ${evidence.member}`
  const which = observable.type === 'structure' || observable.type === 'yara_rule' ? ` (${observable.value})` : ''
  return `${what} of ${indicator.component}${which}${where}, by ${indicator.set}${others}`
}
