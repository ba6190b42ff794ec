/**
 * From candidates to the indicators of an imported set, and the report of what happened to each.
 *
 * Values are refanged and made canonical here. A shared host is kept, but as context: a list that names
 * `raw.githubusercontent.com` means a path on it, and a host that everybody visits would accuse everybody. Digests get
 * no hints about names, because a list of digests knows none.
 */
import type { Indicator, Status } from '../../domain/indicator.ts'
import type { Level } from '../../domain/level.ts'
import { canonical, type ObservableType, observableTypes } from '../../domain/observable.ts'
import { bounds } from '../bounds.ts'
import { compareIndicators, indicatorKey } from '../order.ts'
import { repairedValue } from '../repair-value.ts'
import { nonsenseIn } from '../sense.ts'
import type { SharedHosts } from '../shared-hosts.ts'
import type { Candidate, Intake, ReportLine } from './candidate.ts'
import { cleaned, refang } from './refang.ts'

/** An indicator before it belongs to a set. */
export type Collected = Omit<Indicator, 'id' | 'set'>

/** Lines of a report that are kept; the rest is counted. */
const maxLines = 1000

/** What a list that gives no level means: content and C2 addresses are proof, names and addresses of hosts are hints. */
const defaultLevels: Readonly<Partial<Record<ObservableType, Level>>> = {
  sha256: 'critical',
  sha1: 'critical',
  md5: 'critical',
  domain: 'critical',
  url: 'critical',
  path: 'high',
  registry_key: 'high',
  named_event: 'high',
  named_pipe: 'high',
  certificate: 'high',
}

/** Collects one import. */
export class Collector implements Intake {
  readonly #sharedHosts: SharedHosts
  readonly #byKey = new Map<string, Collected>()
  readonly #skipped: ReportLine[] = []
  readonly #remarks: ReportLine[] = []
  #read = 0
  #omitted = 0

  constructor(sharedHosts: SharedHosts) {
    this.#sharedHosts = sharedHosts
  }

  read(): void {
    this.#read += 1
  }

  skip(place: string, value: string, reason: string): void {
    this.#line(this.#skipped, place, value, reason)
  }

  offer(candidate: Candidate): void {
    const usable = usableValue(candidate)
    if ('reason' in usable) this.skip(candidate.place, candidate.value, usable.reason)
    else this.#add(this.#weighed({ ...candidate, value: usable.value }))
  }

  /** Sorted indicators, numbered in the order in which the list gave them. */
  indicators(): Collected[] {
    return [...this.#byKey.values()].sort(compareIndicators)
  }

  /** The report so far. */
  report(): {
    read: number
    imported: number
    byType: Partial<Record<ObservableType, number>>
    skipped: ReportLine[]
    remarks: ReportLine[]
    omitted: number
  } {
    const byType: Partial<Record<ObservableType, number>> = {}
    for (const type of observableTypes) {
      const count = [...this.#byKey.values()].filter((one) => one.type === type).length
      if (count > 0) byType[type] = count
    }
    const imported = this.#byKey.size
    return {
      read: this.#read,
      imported,
      byType,
      skipped: this.#skipped,
      remarks: this.#remarks,
      omitted: this.#omitted,
    }
  }

  /** The first mention gives an indicator its number and words; a heavier one later gives it its status. */
  #add(candidate: Candidate & { readonly status: Status }): void {
    const { place, type, value, platform, status } = candidate
    const key = indicatorKey({ type, value, ...(platform ? { platform } : {}) })
    const before = this.#byKey.get(key)
    if (before !== undefined) {
      if (weight(status) > weight(before.status)) {
        this.#byKey.set(key, { ...before, status, level: levelOf(candidate) })
      }
      return
    }
    if (this.#byKey.size >= bounds.indicators) {
      this.skip(place, value, `the list has more than ${bounds.indicators} indicators`)
      return
    }
    if (candidate.because !== undefined) {
      this.#line(this.#remarks, place, value, `${candidate.because}; imported as ${status}`)
    }
    this.#byKey.set(key, {
      number: this.#byKey.size + 1,
      type,
      value,
      ...(platform ? { platform } : {}),
      component: oneLine(candidate.component ?? '', bounds.component) || 'imported',
      stage: candidate.stage ?? 'unknown',
      level: levelOf(candidate),
      status,
      ...(candidate.note ? { note: oneLine(candidate.note, bounds.note) } : {}),
    })
  }

  /** A candidate with its status: as given, except that a shared host is never more than context. */
  #weighed(candidate: Candidate): Candidate & { readonly status: Status } {
    const { type, value, status = 'malicious' } = candidate
    if (status === 'context' || status === 'benign') return { ...candidate, status }
    const host = type === 'domain' ? value : type === 'url' ? hostOfBareUrl(value) : undefined
    const reason = host === undefined ? undefined : this.#sharedHosts.reason(host)
    if (reason === undefined) return { ...candidate, status }
    return { ...candidate, status: 'context', because: `a shared host (${reason})` }
  }

  #line(lines: ReportLine[], place: string, value: string, reason: string): void {
    if (lines.length >= maxLines) this.#omitted += 1
    else lines.push({ place, value: oneLine(value, 200), reason })
  }
}

/** The host of a URL that names nothing but a host. */
function hostOfBareUrl(url: string): string | undefined {
  return /^https?:\/\/([^/:]+)(?::\d+)?\/?$/.exec(url)?.[1]
}

function levelOf(candidate: Candidate): Level {
  if (candidate.status === 'context' || candidate.status === 'benign') return 'informational'
  return candidate.level ?? defaultLevels[candidate.type] ?? 'medium'
}

/** A value listed twice counts with the heavier word. */
function weight(status: Status): number {
  return ['benign', 'context', 'affected', 'malicious'].indexOf(status)
}

/** The canonical value of a candidate, or why it can be no indicator. */
function usableValue({ type, value: raw, platform }: Candidate): { value: string } | { reason: string } {
  if (raw.length > bounds.value) {
    return { reason: `the value has ${raw.length} characters; expected at most ${bounds.value}` }
  }
  const value = repairedValue(type, raw)
  if (value === undefined) return { reason: reasonAgainst(type, raw) }
  const [nonsense] = nonsenseIn({ type, value, ...(platform ? { platform } : {}) })
  return nonsense ? { reason: oneLine(nonsense.message, 300) } : { value }
}

function reasonAgainst(type: ObservableType, raw: string): string {
  const result = canonical(type, type === 'path' ? cleaned(raw) : refang(raw))
  return 'problem' in result ? oneLine(result.problem, 300) : `not a ${type}`
}

/** Text of strangers as one bounded line without control characters. */
function oneLine(text: string, max: number): string {
  const line = text
    .slice(0, max * 4)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\s]+/g, ' ')
    .trim()
  return line.length > max ? `${line.slice(0, max - 3)}...` : line
}
