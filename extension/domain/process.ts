/**
 * Running processes that have to do with the campaign, and why.
 */
import { type Finding, gravest, type Verdict, verdictOf, verdicts } from './finding.ts'
import { foldAscii } from './glob.ts'
import type { Stage } from './indicator.ts'
import { compareLevels, highestLevel, type Level } from './level.ts'
import type { PathText } from './path-text.ts'
import type { Fields } from './trait.ts'

/** A process as the system describes it. */
export interface RunningProcess {
  readonly pid: number
  readonly parent: number
  readonly name: string
  /** Its executable; empty when it cannot be known. */
  readonly path: PathText
  /** Arguments joined by spaces, cut at a bound. */
  readonly cmdline: string
  /** First argument, where the system keeps arguments apart. */
  readonly argument0?: string
  readonly uid: number | undefined
  readonly user: string
  /** Unix seconds. */
  readonly startTime: number | undefined
}

/** One reason why a process counts. Without a verdict it is context. */
export interface ProcessEvidence {
  /** What spoke: an observable type, `module` (a mapped file) or `memory`. */
  readonly type: string
  readonly value: string
  readonly verdict: Verdict | undefined
  readonly level: Level
  readonly component: string
  readonly stage: Stage
  /** Published detection name, where there is one. */
  readonly detection?: string
  /** Id of the indicator. */
  readonly indicator?: string
  /** The file that was judged. */
  readonly path?: PathText
  readonly fields?: Fields
}

/** A process that something speaks of. */
export interface TiedProcess extends RunningProcess {
  /** The program file: `path`, or the Windows program that Wine runs; empty when unknown. */
  readonly image: PathText
  readonly version: string | undefined
  /** Whether the version is a compromised release; undefined when there is none to compare. */
  readonly affected: boolean | undefined
  /** Of the program file. */
  readonly sha256: string | undefined
  readonly verdict: Verdict
  readonly level: Level
  /** Gravest first. */
  readonly evidence: readonly ProcessEvidence[]
}

/** What was not looked at, and how often. */
export interface ProcessReason {
  /** After `denied` and `damaged` a clean answer would be a guess; the others are part of what is promised. */
  readonly code: 'vanished' | 'denied' | 'protected' | 'bounds' | 'deadline' | 'damaged' | 'unsupported'
  readonly message: string
  readonly count: number
}

/** What the running processes have to say. */
export interface ProcessesAnswer {
  /** Gravest first. */
  readonly processes: readonly TiedProcess[]
  /** How many were looked at. */
  readonly seen: number
  readonly reasons: readonly ProcessReason[]
}

/**
 * What a process is by its names alone.
 *
 * - `app`: the 3CX Desktop App, any version.
 * - `agent`: UpdateAgent run from the app's support folder.
 * - `agent_named`: its path is among the arguments of something else: a shell that starts it, or a person looking.
 */
export type ProcessRole = 'app' | 'agent' | 'agent_named'

const agent = '3cx desktop app/updateagent'
/** Name of the Windows program, folded. */
export const appProgram = '3cxdesktopapp.exe'
/** Bundle identifier of the app on macOS, by which some records name it. */
export const appBundle = 'com.electron.3cx-desktop-app'
const appNames = new Set([appProgram, '3cx desktop app', appBundle])

/** The role of a process; undefined for nearly all. */
export function roleOf(process: Pick<RunningProcess, 'path' | 'cmdline' | 'argument0'>): ProcessRole | undefined {
  const path = comparable(process.path)
  const first = comparable(process.argument0 ?? '')
  const line = comparable(process.cmdline)
  if (path.endsWith(`/${agent}`) || first.endsWith(`/${agent}`)) return 'agent'
  if (line.includes(`/${agent}`)) return 'agent_named'
  if (path.includes('/3cx desktop app.app/contents/')) return 'app'
  if (appNames.has(baseName(path)) || appNames.has(baseName(first))) return 'app'
  if (/^wine/.test(baseName(path)) && /(^|[\\/ ])3cxdesktopapp\.exe("| |$)/.test(line)) return 'app'
  return undefined
}

/** A path of any system for comparing: ASCII lower case, `/` between components. */
export function comparable(path: string): string {
  return foldAscii(path).replaceAll('\\', '/')
}

/** Last component of a comparable path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** What indicators say, as evidence about a process. */
export function findingsAsEvidence(findings: readonly Finding[], path?: PathText, type?: string): ProcessEvidence[] {
  return findings.map(({ observable, indicator }) => ({
    type: type ?? observable.type,
    value: type === undefined ? observable.value : (path ?? observable.value),
    verdict: verdictOf(indicator),
    level: indicator.level,
    component: indicator.component,
    stage: indicator.stage,
    indicator: indicator.id,
    ...(path === undefined ? {} : { path }),
    ...(type === undefined ? {} : { fields: { matched_by: observable.type, matched: observable.value } }),
  }))
}

/** The evidence in order, gravest first, with the verdict and level it gives; undefined when nothing speaks. */
export function weigh(
  evidence: readonly ProcessEvidence[],
): Pick<TiedProcess, 'verdict' | 'level' | 'evidence'> | undefined {
  const verdict = gravest(evidence.flatMap((one) => one.verdict ?? []))
  if (verdict === undefined) return undefined
  const rank = (one: ProcessEvidence) => (one.verdict === undefined ? -1 : verdicts.indexOf(one.verdict))
  return {
    verdict,
    level: highestLevel(evidence.filter((one) => one.verdict === verdict).map(({ level }) => level)),
    evidence: [...evidence].sort((a, b) => rank(b) - rank(a) || compareLevels(b.level, a.level)),
  }
}
