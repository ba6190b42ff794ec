/**
 * STIX 2.0 and 2.1: indicators with their patterns, and the observables of lists that have no indicators.
 * https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html
 *
 * A bundle of a sandbox or a report holds observables that were merely seen, the resolver and the update server
 * included. They are carried over as context beside indicators, and as indicators only where the list has nothing else.
 * A network indicator past its `valid_until` becomes context, because names and addresses change hands; a digest
 * means the same file for ever.
 */
import type { Status } from '../../domain/indicator.ts'
import type { Level } from '../../domain/level.ts'
import type { ObservableType } from '../../domain/observable.ts'
import { isRecord } from '../text.ts'
import type { Intake, ListFacts } from './candidate.ts'
import { type Meaning, meaningOf, type Reading, readPattern } from './stix-meaning.ts'
import { parseStixPattern } from './stix-pattern.ts'

type Fields = Readonly<Record<string, unknown>>

/** What expires: values that belong to somebody else one day. */
const transient: ReadonlySet<ObservableType> = new Set(['domain', 'url', 'ip', 'email'])

/** The property of an observable object that is its value. */
const propertyOf: ReadonlyMap<string, string> = new Map([
  ['domain-name', 'value'],
  ['url', 'value'],
  ['ipv4-addr', 'value'],
  ['ipv6-addr', 'value'],
  ['email-addr', 'value'],
  ['windows-registry-key', 'key'],
])

/** Whether parsed JSON is STIX: a bundle, one indicator, or a list of objects. */
export function isStix(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every((one) => isRecord(one) && isStixId(one.id))
  return isRecord(value) && (value.type === 'bundle' || (isStixId(value.id) && typeof value.type === 'string'))
}

/** Reads STIX. `nowMs` decides what has expired. */
export function readStix(value: unknown, intake: Intake, nowMs: number): ListFacts {
  const isBundle = isRecord(value) && value.type === 'bundle'
  const raw = Array.isArray(value) ? value : isBundle ? value.objects : [value]
  const objects = (Array.isArray(raw) ? raw : []).map((one: unknown, at) => ({
    place: isBundle ? `objects[${at}]` : `[${at}]`,
    one,
  }))
  const hasIndicators = objects.some(({ one }) => isRecord(one) && one.type === 'indicator')
  for (const { place, one } of objects) {
    if (!isRecord(one)) intake.skip(place, String(one), 'not an object')
    else if (one.type === 'indicator') readIndicator(one, place, intake, nowMs)
    else readObserved(one, place, intake, hasIndicators ? 'context' : 'malicious')
  }
  return factsOf(objects.flatMap(({ one }) => (isRecord(one) ? [one] : [])))
}

function readIndicator(fields: Fields, place: string, intake: Intake, nowMs: number): void {
  intake.read()
  const name = text(fields.name)
  const read = readable(fields)
  if ('reason' in read) {
    intake.skip(place, name || text(fields.pattern), read.reason)
    return
  }
  for (const { part, reason } of read.losses) intake.skip(`${place}.pattern`, part, reason)
  const until = text(fields.valid_until)
  for (const meaning of read.meanings) {
    const hasExpired = transient.has(meaning.type) && Date.parse(until) <= nowMs
    intake.offer({
      place: `${place}.pattern`,
      ...value(meaning),
      status: hasExpired ? 'context' : statusOf(fields),
      ...(hasExpired ? { because: `it expired on ${until.slice(0, 10)}` } : {}),
      ...levelOf(fields),
      ...component(meaning.fileName ?? name),
    })
  }
}

/** What the pattern of an indicator says, or why it cannot be read. */
function readable(fields: Fields): Reading | { readonly reason: string } {
  const pattern = text(fields.pattern)
  const type = text(fields.pattern_type) || 'stix'
  if (fields.revoked === true) return { reason: 'its publisher revoked it' }
  if (type !== 'stix') {
    return { reason: `pattern_type is ${JSON.stringify(type.slice(0, 40))}; only stix patterns are read` }
  }
  if (pattern === '') return { reason: 'it has no pattern' }
  const parsed = parseStixPattern(pattern)
  return 'problem' in parsed ? { reason: `the pattern cannot be read: ${parsed.problem}` } : readPattern(parsed.pattern)
}

/** Cyber-observable objects, as in a bundle of observed data. */
function readObserved(fields: Fields, place: string, intake: Intake, status: Status): void {
  const found = observed(fields)
  if (found.length === 0) return
  intake.read()
  const name = fields.type === 'file' ? text(fields.name) : ''
  for (const meaning of found) {
    if ('reason' in meaning) intake.skip(place, text(fields.type), meaning.reason)
    else {
      const because = status === 'context' ? { because: 'observed, not called an indicator' } : {}
      intake.offer({ place, ...value(meaning), status, ...because, ...component(name) })
    }
  }
}

function observed(fields: Fields): (Meaning | { reason: string })[] {
  const object = text(fields.type)
  if (object === 'file') {
    const hashes = isRecord(fields.hashes) ? Object.entries(fields.hashes) : []
    const known = hashes.filter(([name, one]) => /^(SHA-?256|SHA-?1|MD5)$/i.test(name) && text(one) !== '')
    const digests = known.map(([name, one]) => meaningOf({ object, steps: ['hashes', name] }, text(one)))
    if (digests.length > 0) return digests
    const name = text(fields.name)
    return name === '' ? [] : [meaningOf({ object, steps: ['name'] }, name)]
  }
  const property = propertyOf.get(object)
  if (property === undefined) return []
  const one = text(fields[property])
  return one === '' ? [] : [meaningOf({ object, steps: [property] }, one)]
}

function statusOf(fields: Fields): Status {
  const types = [fields.indicator_types, fields.labels].flatMap((one) => (Array.isArray(one) ? one : []))
  return types.includes('benign') ? 'benign' : 'malicious'
}

/** The producer's confidence, 0 to 100, where it is lower than what a list without one would be given. */
function levelOf(fields: Fields): { level?: Level } {
  const confidence = fields.confidence
  if (typeof confidence !== 'number' || confidence <= 0 || confidence >= 70) return {}
  return { level: confidence < 30 ? 'low' : 'medium' }
}

function factsOf(objects: readonly Fields[]): ListFacts {
  const report = objects.find((one) => one.type === 'report')
  const identities = objects.filter((one) => one.type === 'identity')
  const title = text(report?.name).slice(0, 200)
  const published = /^\d{4}-\d{2}-\d{2}/.exec(text(report?.published))?.[0]
  const publisher = identities.length === 1 ? text(identities[0]?.name).slice(0, 200) : ''
  return { ...(title ? { title } : {}), ...(published ? { published } : {}), ...(publisher ? { publisher } : {}) }
}

function value(meaning: Meaning): { type: ObservableType; value: string } {
  return { type: meaning.type, value: meaning.value }
}

function component(name: string): { component?: string } {
  return name === '' ? {} : { component: name }
}

function isStixId(id: unknown): boolean {
  return typeof id === 'string' && /^[a-z0-9-]+--[0-9a-f-]{36}$/i.test(id)
}

function text(one: unknown): string {
  return typeof one === 'string' ? one : ''
}
