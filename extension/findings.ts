/**
 * The pipeline: files that a sweep selected, times indicators, gives artifacts.
 *
 * Native proposes, `match` decides: this turns one swept file into evidence, asks the matcher, and adds what a reader
 * of the row wants to know. Files that nothing points at are dropped here and nowhere else.
 */

import { isThreeCxDesktopApp } from './decoders/product.ts'
import type { Artifact } from './domain/artifact.ts'
import type { Evidence } from './domain/evidence.ts'
import type { FileKind } from './domain/file-kind.ts'
import { type Finding, gravest, type Verdict, verdictOf, verdicts } from './domain/finding.ts'
import { highestLevel, levels } from './domain/level.ts'
import type { Matcher } from './domain/match.ts'
import { canonical, digestAlgorithms, type Observable } from './domain/observable.ts'
import type { PathText } from './domain/path-text.ts'
import type { Product } from './domain/product.ts'
import { examinedEvidence } from './examining/evidence.ts'
import type { Examined } from './examining/examiner.ts'
import type { Owners } from './sweep/owners.ts'
import type { SweptFile } from './sweep/swept-files.ts'

/** How one file is called: to the user, to its own system, and below its volume. */
export interface FileNames {
  readonly path: PathText
  readonly imagePath: PathText
  /** Below the root of the volume, `/` between components: what path indicators speak of. */
  readonly relative: PathText
}

/** What a judgement needs besides the file. */
export interface Judge {
  readonly matcher: Matcher
  readonly owners: Owners
  /** Platform of the volume; undefined when it could be any. */
  readonly platform: Artifact['platform']
  /** Whether birth times are of the volume and not of a copy. */
  readonly hasBirthTimes: boolean
}

/** An artifact, if any indicator says something of the file. */
export function judgeFile(
  file: SweptFile,
  names: FileNames,
  product: Product | undefined,
  seen: Examined,
  judge: Judge,
): Artifact | undefined {
  const base = { path: names.path, time: seconds(file.entry.mtimeNs) }
  const evidence = [
    ...fileEvidence(file, names, product, judge),
    ...examinedEvidence(seen, base),
    ...memberVersions(seen, base),
  ]
  const found = evidence.flatMap((one) => judge.matcher.match(one))
  const speaking = found.filter((finding) => verdictOf(finding.indicator) !== undefined)
  const verdict = gravest(speaking.flatMap((finding) => verdictOf(finding.indicator) ?? []))
  if (verdict === undefined) return undefined
  const { entry } = file
  return {
    ...names,
    size: entry.size,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    owner: judge.owners(entry.uid),
    btime: judge.hasBirthTimes ? seconds(entry.btimeNs) : 0,
    atime: seconds(entry.atimeNs),
    mtime: seconds(entry.mtimeNs),
    ctime: seconds(entry.ctimeNs),
    platform: platformOf(speaking, judge),
    digests: file.digests,
    product,
    payloads: seen.examination.payloads,
    notes: seen.examination.refusals,
    verdict,
    level: highestLevel(
      speaking.filter((one) => verdictOf(one.indicator) === verdict).map((one) => one.indicator.level),
    ),
    findings: sortFindings(found),
  }
}

/** Whether the version inside a file could matter: asked before reading it, because reading costs a few system calls. */
export function mayCarryProduct(kind: FileKind, relative: PathText, isTargeted: boolean): boolean {
  const name = relative.slice(relative.lastIndexOf('/') + 1)
  if (/^info\.plist$/i.test(name)) return true
  if (kind !== 'pe' && kind !== 'macho') return false
  return isTargeted || /3cx|ffmpeg|d3dcompiler/i.test(relative) || /\.exe$/i.test(name)
}

/**
 * Three records of one file: its place (which means something on its platform), its content and name (which mean the
 * same anywhere), and the version of the product inside (which means something on the product's platform).
 */
function fileEvidence(file: SweptFile, names: FileNames, product: Product | undefined, judge: Judge): Evidence[] {
  const base = { source: 'file', path: names.path, time: seconds(file.entry.mtimeNs) }
  const name = names.relative.slice(names.relative.lastIndexOf('/') + 1)
  const content: Observable[] = []
  for (const type of digestAlgorithms) {
    const value = file.digests[type]
    if (value !== undefined) content.push({ type, value })
  }
  content.push({ type: 'filename', value: name })
  const place: Evidence = { ...base, observables: [{ type: 'path', value: names.relative }] }
  const evidence: Evidence[] = [
    { ...base, observables: content },
    judge.platform === undefined ? place : { ...place, platform: judge.platform },
  ]
  return [...evidence, ...versionEvidence(product, base)]
}

/** The version of the app, which means something on its own platform wherever the file lies. */
function versionEvidence(product: Product | undefined, base: Omit<Evidence, 'observables'>): Evidence[] {
  const version = product && isThreeCxDesktopApp(product) ? canonical('version', product.version ?? '') : undefined
  if (!product || !version || !('value' in version)) return []
  return [{ ...base, platform: product.platform, observables: [{ type: 'version', value: version.value }] }]
}

/** The versions of the app inside an installer. */
function memberVersions(seen: Examined, base: Pick<Evidence, 'path' | 'time'>): Evidence[] {
  return seen.members.flatMap(({ path, product }) =>
    versionEvidence(product, { ...base, source: 'member', member: path }),
  )
}

function sortFindings(findings: readonly Finding[]): Finding[] {
  const rank = (finding: Finding): number => {
    const verdict: Verdict | undefined = verdictOf(finding.indicator)
    return verdict === undefined ? -1 : verdicts.indexOf(verdict)
  }
  const level = ({ indicator }: Finding) => levels.indexOf(indicator.level)
  return [...findings].sort((a, b) => rank(b) - rank(a) || level(b) - level(a))
}

function platformOf(findings: readonly Finding[], judge: Judge): Artifact['platform'] {
  return findings.find((one) => one.indicator.platform !== undefined)?.indicator.platform ?? judge.platform
}

function seconds(ns: bigint): number {
  return Number(ns / 1_000_000_000n)
}
