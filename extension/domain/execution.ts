/**
 * Past executions: records of the system that a program ran, or was seen, and how they are judged.
 *
 * Most records name a program and say no version. It is then taken from the path, or from the install that the program
 * belongs to; where neither tells, the app is only suspicious. What counts is the same as for a running process.
 */
import { type Finding, gravest } from './finding.ts'
import { foldAscii } from './glob.ts'
import type { Install } from './install.ts'
import { compareLevels, type Level } from './level.ts'
import type { Matcher } from './match.ts'
import { canonical } from './observable.ts'
import type { PathText } from './path-text.ts'
import type { Platform } from './platform.ts'
import { appBundle, baseName, comparable, findingsAsEvidence, type ProcessEvidence, roleOf, weigh } from './process.ts'
import { belowRoot, nameFindings, roleEvidence } from './program-names.ts'
import type { Fields } from './trait.ts'

/** `ran`: the record is made by running. `seen`: the system noticed the file, and it need not have run. */
export type ExecutionProof = 'ran' | 'seen'

/** What one record of a source says. Times are unix seconds UTC. */
export interface ExecutionRecord {
  /** Name of the source. */
  readonly source: string
  /** The file or hive on this machine. */
  readonly sourcePath: PathText
  /** Key, entry or event inside it; empty where the file is the record. */
  readonly record: string
  /** System the program is made for. */
  readonly platform: Platform
  readonly proof: ExecutionProof
  /** The program as the source writes it. */
  readonly path: string
  readonly argument0?: string
  /** Empty where the source keeps none. */
  readonly cmdline: string
  /** Who ran it, or in whose home the program lies; empty when unknown. */
  readonly user: string
  readonly uid?: number
  readonly pid?: number
  readonly parent?: number
  /** Earliest and latest time that the record tells. */
  readonly time?: number
  readonly lastTime?: number
  /** Starts; absent where they are not counted. */
  readonly count?: number
  readonly version?: string
  readonly sha1?: string
  readonly sha256?: string
  /** Other files that the program opened when it started. */
  readonly loaded?: readonly string[]
  /** What else the record says. */
  readonly fields?: Fields
}

/** A record that has to do with the campaign, and why. */
export interface Execution extends Omit<ExecutionRecord, 'loaded'> {
  /** Of the record, or of the install that the program belongs to. */
  readonly version?: string
  /** Whether it is a compromised release; undefined when there is no version to compare. */
  readonly affected: boolean | undefined
  readonly verdict: NonNullable<ProcessEvidence['verdict']>
  readonly level: Level
  /** Gravest first. */
  readonly evidence: readonly ProcessEvidence[]
}

/** What an execution is judged with. */
export interface ExecutionKnowledge {
  readonly matcher: Matcher
  /** Installs of the same host. */
  readonly installs: readonly Install[]
}

/** The verdict on a record; undefined when nothing speaks of it, as of nearly all. */
export function judgeExecution(
  seen: ExecutionRecord,
  { matcher, installs }: ExecutionKnowledge,
): Execution | undefined {
  const { loaded = [], ...record } = seen
  const { source, platform, path } = record
  const role = roleOf(record) ?? (releaseIn(path) === undefined ? undefined : 'app')
  const names = nameFindings(matcher, source, platform, record)
  const modules = loaded.flatMap((file) => moduleEvidence(matcher, source, platform, file))
  const versions = role === 'app' ? versionsOf(record, installs) : []
  const compared = versions.flatMap((version) => versionFindings(matcher, record, version))
  const digests = digestFindings(matcher, record)
  const affecting = compared.find(({ indicator }) => indicator.status === 'affected')
  const version = affecting?.observable.value ?? versions[0]
  const weighed = weigh([
    ...findingsAsEvidence([...names, ...digests, ...compared]),
    ...modules,
    ...roleEvidence({ ...record, role, name: baseName(comparable(path)), version, findings: names, fields: {} }),
  ])
  if (!weighed) return undefined
  return {
    ...record,
    ...(version === undefined ? {} : { version }),
    affected: affecting !== undefined || (role === 'app' && version !== undefined ? false : undefined),
    ...weighed,
  }
}

function digestFindings(matcher: Matcher, { source, path, sha1, sha256 }: ExecutionRecord): Finding[] {
  const observables = [
    ...(sha1 === undefined ? [] : [{ type: 'sha1' as const, value: sha1 }]),
    ...(sha256 === undefined ? [] : [{ type: 'sha256' as const, value: sha256 }]),
  ]
  return observables.length === 0 ? [] : matcher.match({ source, path, observables })
}

/** A file that many programs load says nothing here: it would be told of every program there is. */
function moduleEvidence(matcher: Matcher, source: string, platform: Platform, path: string): ProcessEvidence[] {
  const value = belowRoot(path, platform)
  const found = matcher.match({ source, path, platform, observables: [{ type: 'path', value }] })
  return findingsAsEvidence(
    found.filter(({ indicator }) => indicator.status === 'malicious'),
    path,
    'module',
  )
}

function versionFindings(matcher: Matcher, record: ExecutionRecord, version: string): Finding[] {
  const { source, path } = record
  const platform = madeFor(record)
  const value = canonical('version', version)
  if (!('value' in value)) return []
  return matcher.match({ source, path, platform, observables: [{ type: 'version', value: value.value }] })
}

/** What the record says, else its path, else every install in whose folder the program lies. */
function versionsOf(record: ExecutionRecord, installs: readonly Install[]): string[] {
  if (record.version !== undefined) return [record.version]
  const path = folded(record.path, record.platform)
  const [, inFolder] = /\/app-(\d+\.\d+\.\d+)\//.exec(path) ?? []
  const said = inFolder ?? releaseIn(path)
  if (said !== undefined) return [said]
  const own = installs.filter(
    ({ platform, home, firstSeen, state }) =>
      platform === madeFor(record) &&
      state !== 'served' &&
      home !== '' &&
      (path === appBundle || path.startsWith(`${folded(home, record.platform)}/`)) &&
      (firstSeen === undefined || record.lastTime === undefined || firstSeen <= record.lastTime),
  )
  return [...new Set(own.flatMap(({ version }) => version ?? []))]
}

/** The release in the name of an installer: `3CXDesktopApp-18.12.416.dmg`; undefined for other names. */
function releaseIn(path: string): string | undefined {
  const name = baseName(comparable(path))
  return /^3cxdesktopapp[-_ ](\d{1,3}\.\d{1,3}\.\d{1,5})[^/]{0,40}\.(?:msi|dmg|exe|zip|nupkg|pkg)$/.exec(name)?.[1]
}

/** System the program is made for: Wine runs those of Windows. */
function madeFor({ path, platform }: ExecutionRecord): Platform {
  return /\.(?:exe|msi)$/i.test(path) ? 'windows' : platform
}

function folded(path: string, platform: Platform): string {
  return foldAscii(belowRoot(path, platform)).replace(/\/+$/, '')
}

/** Records that are kept, of all sources together. */
const maxExecutions = 10_000

/** Gathers executions: records of one program in one file for one user are one, with a count. */
export class Executions {
  readonly #max: number
  readonly #all = new Map<string, Execution>()
  #dropped = 0

  constructor(max: number = maxExecutions) {
    this.#max = max
  }

  /** Executions that were more than the bound allows. */
  get dropped(): number {
    return this.#dropped
  }

  add(one: Execution): void {
    const { source, sourcePath, path, cmdline, user, version, sha1, sha256, proof } = one
    const key = JSON.stringify([source, sourcePath, path, cmdline, user, version, sha1, sha256, proof])
    const known = this.#all.get(key)
    if (known) this.#all.set(key, together(known, one))
    else if (this.#all.size >= this.#max) this.#dropped++
    else this.#all.set(key, one)
  }

  /** The gravest first, then by time. */
  all(): Execution[] {
    return [...this.#all.values()].sort(inOrder)
  }
}

function together(a: Execution, b: Execution): Execution {
  const times = [a.time, a.lastTime, b.time, b.lastTime].filter((time) => time !== undefined)
  const counts = [a.count, b.count].filter((count) => count !== undefined)
  return {
    ...a,
    ...(times.length === 0 ? {} : { time: Math.min(...times), lastTime: Math.max(...times) }),
    ...(counts.length === 0 ? {} : { count: counts.reduce((sum, one) => sum + one, 0) }),
  }
}

function inOrder(a: Execution, b: Execution): number {
  const isGraver = a.verdict !== b.verdict && gravest([a.verdict, b.verdict])
  if (isGraver) return isGraver === a.verdict ? -1 : 1
  const byTime = (a.time ?? Number.MAX_SAFE_INTEGER) - (b.time ?? Number.MAX_SAFE_INTEGER)
  const text = (one: Execution) => JSON.stringify([one.sourcePath, one.path, one.record])
  return compareLevels(b.level, a.level) || byTime || (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0)
}
