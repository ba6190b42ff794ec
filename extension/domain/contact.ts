/**
 * Contacts: what one source tells of one indicator of the network, for one user.
 *
 * A log names an address a thousand times; that is one contact with a count, a first and a last time. What is counted
 * together: the same indicator, source, file, user, client and process.
 */
import type { Evidence } from './evidence.ts'
import { type Finding, gravest, type Verdict, verdictOf } from './finding.ts'
import type { Stage } from './indicator.ts'
import { highestLevel, type Level } from './level.ts'
import type { ObservableType } from './observable.ts'
import type { PathText } from './path-text.ts'

/** One contact, first record kept as proof. Times are unix seconds. */
export interface Contact {
  readonly source: string
  /** The file or store on this machine. */
  readonly sourcePath: PathText
  readonly type: ObservableType
  /** Value of the indicator. */
  readonly indicator: string
  /** Ids of all indicators with that value. */
  readonly indicators: readonly string[]
  /** As found in the first record. */
  readonly value: string
  readonly url: string | undefined
  readonly domain: string | undefined
  readonly user: string
  readonly uid: number | undefined
  readonly client: string
  readonly process: string
  readonly pid: number | undefined
  readonly firstSeen: number | undefined
  readonly lastSeen: number | undefined
  readonly count: number
  /** Where the first record begins; undefined where `record` names it. */
  readonly offset: number | undefined
  readonly record: string
  readonly component: string
  readonly stage: Stage
  readonly verdict: Verdict
  readonly level: Level
  /** What else the first record says. */
  readonly fields: Evidence['fields']
}

/** Types of indicators that a contact is made with. */
const contactTypes: ReadonlySet<ObservableType> = new Set(['domain', 'url', 'ip', 'user_agent', 'cookie'])

interface Gathered {
  readonly findings: Finding[]
  readonly first: Evidence
  firstSeen: number | undefined
  lastSeen: number | undefined
  count: number
}

/** Gathers findings into contacts. */
export class Contacts {
  readonly #max: number
  readonly #all = new Map<string, Gathered>()
  #dropped = 0

  /** At most so many contacts; more records of the same ones are still counted. */
  constructor(max = 10_000) {
    this.#max = max
  }

  /** Contacts that were more than the bound allows. */
  get dropped(): number {
    return this.#dropped
  }

  /** Takes the findings of one record. */
  add(findings: readonly Finding[]): void {
    const speaking = findings.filter(
      ({ indicator }) => contactTypes.has(indicator.type) && isAgainst(verdictOf(indicator)),
    )
    for (const [key, some] of Map.groupBy(withoutCovered(speaking), keyOf)) {
      const [{ evidence }] = some as [Finding]
      const known = this.#all.get(key)
      if (known) addTo(known, some, evidence)
      else if (this.#all.size >= this.#max) this.#dropped++
      else this.#all.set(key, begun(some, evidence))
    }
  }

  /** All contacts, the gravest first, then by first time. */
  all(): Contact[] {
    return withoutAnswers([...this.#all.values()].map(contactOf)).sort(inOrder)
  }
}

/**
 * A URL whose host is sought, too, is one contact with that host; the ids of both are kept. What is left of URLs are
 * those on hosts that others use as well.
 */
function withoutCovered(findings: readonly Finding[]): Finding[] {
  const domain = findings.find(({ indicator }) => indicator.type === 'domain')
  if (!domain) return [...findings]
  return findings.map((one) => {
    if (one.indicator.type !== 'url' || !isOn(one.indicator.value, domain.indicator.value)) return one
    const { type, value } = domain.indicator
    return { ...one, observable: domain.observable, indicator: { ...one.indicator, type, value } }
  })
}

function isOn(url: string, domain: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : ''
  return host === domain || host.endsWith(`.${domain}`)
}

/**
 * A resolver writes a line for the question, which says who asked, and lines for its answer, which do not: where some
 * records of a file say who it was, those that do not are the same contact again.
 */
function withoutAnswers(contacts: readonly Contact[]): Contact[] {
  const key = ({ type, indicator, source, sourcePath }: Contact) =>
    JSON.stringify([type, indicator, source, sourcePath])
  const asked = new Set(contacts.filter(({ client }) => client !== '').map(key))
  return contacts.filter((one) => one.client !== '' || one.user !== '' || !asked.has(key(one)))
}

function isAgainst(verdict: Verdict | undefined): boolean {
  return verdict !== undefined && verdict !== 'benign'
}

function keyOf({ indicator, evidence }: Finding): string {
  const { source, path, user, client, process } = evidence
  return JSON.stringify([indicator.type, indicator.value, source, path, user, client, process])
}

function begun(findings: Finding[], evidence: Evidence): Gathered {
  const { time, lastTime = time, count = 1 } = evidence
  return { findings, first: evidence, firstSeen: time ?? lastTime, lastSeen: lastTime, count }
}

function addTo(known: Gathered, findings: readonly Finding[], { time, lastTime = time, count = 1 }: Evidence): void {
  known.count += count
  known.firstSeen = least(known.firstSeen, time ?? lastTime)
  known.lastSeen = greatest(known.lastSeen, lastTime)
  const ids = new Set(known.findings.map(({ indicator }) => indicator.id))
  known.findings.push(...findings.filter(({ indicator }) => !ids.has(indicator.id)))
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b)
}

function greatest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.max(a, b)
}

function contactOf({ findings, first, firstSeen, lastSeen, count }: Gathered): Contact {
  const [{ indicator, observable }] = findings as [Finding]
  const value = (type: ObservableType) => first.observables.find((one) => one.type === type)?.value
  return {
    source: first.source,
    sourcePath: first.path ?? '',
    type: indicator.type,
    indicator: indicator.value,
    indicators: [...new Set(findings.map((one) => one.indicator.id))],
    value: first.raw ?? observable.value,
    url: value('url'),
    domain: observable.type === 'domain' ? observable.value : value('domain'),
    user: first.user ?? '',
    uid: first.uid,
    client: first.client ?? '',
    process: first.process ?? '',
    pid: first.pid,
    firstSeen,
    lastSeen,
    count,
    offset: first.offset,
    record: first.record ?? '',
    component: indicator.component,
    stage: indicator.stage,
    verdict: first.isOnlyNamed
      ? 'suspicious'
      : (gravest(findings.flatMap((one) => verdictOf(one.indicator) ?? [])) ?? 'suspicious'),
    level: highestLevel(findings.map((one) => one.indicator.level)),
    fields: first.fields,
  }
}

function inOrder(a: Contact, b: Contact): number {
  const isGraver = a.verdict !== b.verdict && gravest([a.verdict, b.verdict])
  if (isGraver) return isGraver === a.verdict ? -1 : 1
  const byTime = (a.firstSeen ?? Number.MAX_SAFE_INTEGER) - (b.firstSeen ?? Number.MAX_SAFE_INTEGER)
  return (
    byTime || (a.sourcePath < b.sourcePath ? -1 : a.sourcePath > b.sourcePath ? 1 : a.indicator < b.indicator ? -1 : 1)
  )
}
