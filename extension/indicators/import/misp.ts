/**
 * MISP events: attributes, alone and inside objects.
 * https://www.misp-standard.org/rfc/misp-standard-core.html
 *
 * Exports come wrapped in several ways (`Event`, `response`, a list); all are read. An attribute without `to_ids` was
 * recorded but is not meant for detection, so it becomes context. Deleted attributes are left out. Of a
 * name and a digest the digest is the indicator; the name says what it is.
 */
import type { ObservableType } from '../../domain/observable.ts'
import { isRecord } from '../text.ts'
import type { Intake, ListFacts } from './candidate.ts'

type Fields = Readonly<Record<string, unknown>>

/** Types that hold one value of ours. */
const simple: Readonly<Record<string, ObservableType>> = {
  sha256: 'sha256',
  sha1: 'sha1',
  md5: 'md5',
  domain: 'domain',
  hostname: 'domain',
  url: 'url',
  uri: 'url',
  'ip-dst': 'ip',
  'ip-src': 'ip',
  email: 'email',
  'email-src': 'email',
  'email-dst': 'email',
  'whois-registrant-email': 'email',
  filename: 'filename',
  regkey: 'registry_key',
  'user-agent': 'user_agent',
  'http-user-agent': 'user_agent',
  cookie: 'cookie',
  mutex: 'named_event',
  'named pipe': 'named_pipe',
  'size-in-bytes': 'filesize',
}

/** Types of two values joined by `|`: which one counts, and what it is. */
const composite: Readonly<Record<string, readonly [part: 0 | 1, type: ObservableType]>> = {
  'filename|sha256': [1, 'sha256'],
  'filename|sha1': [1, 'sha1'],
  'filename|md5': [1, 'md5'],
  'malware-sample': [1, 'md5'],
  'ip-dst|port': [0, 'ip'],
  'ip-src|port': [0, 'ip'],
  'hostname|port': [0, 'domain'],
  'regkey|value': [0, 'registry_key'],
}

/** Types that describe other attributes and are no values to look for; they are passed over in silence. */
const descriptive = new Set([
  'text',
  'comment',
  'link',
  'other',
  'port',
  'datetime',
  'mime-type',
  'float',
  'counter',
  'boolean',
])

/** Whether parsed JSON is a MISP export. */
export function isMisp(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every((one) => isRecord(one) && isRecord(one.Event))
  return (
    isRecord(value) &&
    ['Event', 'response', 'Attribute'].some((key) => typeof value[key] === 'object' && value[key] !== null)
  )
}

/** Reads an export. */
export function readMisp(value: unknown, intake: Intake): ListFacts {
  let facts: ListFacts = {}
  for (const { event, place } of eventsOf(value)) {
    if (Object.keys(facts).length === 0) facts = factsOf(event)
    readAttributes(event.Attribute, `${place}Attribute`, intake)
    for (const [at, object] of listOf(event.Object).entries()) {
      if (isRecord(object)) readAttributes(object.Attribute, `${place}Object[${at}].Attribute`, intake, nameIn(object))
    }
  }
  return facts
}

/** Events in any of the usual wrappings; a bare list of attributes counts as an event without a name. */
function eventsOf(value: unknown): { event: Fields; place: string }[] {
  if (Array.isArray(value)) return value.flatMap((one: unknown, at) => eventIn(one, `[${at}].`))
  if (!isRecord(value)) return []
  const { response } = value
  if (Array.isArray(response)) return response.flatMap((one: unknown, at) => eventIn(one, `response[${at}].`))
  if (isRecord(response)) return eventIn(response, 'response.')
  return eventIn(value, '')
}

function eventIn(one: unknown, place: string): { event: Fields; place: string }[] {
  if (!isRecord(one)) return []
  return isRecord(one.Event) ? [{ event: one.Event, place: `${place}Event.` }] : [{ event: one, place }]
}

/** Name of the file that an object describes; empty when it names none. */
function nameIn(object: Fields): string {
  const attributes = listOf(object.Attribute).filter(isRecord)
  return text(attributes.find((one) => one.type === 'filename')?.value)
}

function readAttributes(list: unknown, at: string, intake: Intake, fileName = ''): void {
  for (const [index, attribute] of listOf(list).entries()) {
    if (isRecord(attribute)) readAttribute(attribute, `${at}[${index}]`, intake, fileName)
    else intake.skip(`${at}[${index}]`, String(attribute), 'not an object')
  }
}

function readAttribute(fields: Fields, place: string, intake: Intake, fileName: string): void {
  const type = text(fields.type)
  const raw = text(fields.value)
  if (raw === '' || isYes(fields.deleted) || descriptive.has(type)) return
  intake.read()
  const values = valuesOf(type, raw)
  if (values.length === 0) intake.skip(place, raw, `MISP type ${JSON.stringify(type.slice(0, 40))} is not compared`)
  const isMeant = fields.to_ids === undefined || isYes(fields.to_ids)
  for (const one of values) {
    const component = [one.name ?? fileName, text(fields.comment)].filter(Boolean).join(', ')
    intake.offer({
      place,
      type: one.type,
      value: one.value,
      status: isMeant ? 'malicious' : 'context',
      ...(isMeant ? {} : { because: 'to_ids is off' }),
      ...(component === '' ? {} : { component }),
    })
  }
}

function valuesOf(type: string, raw: string): { type: ObservableType; value: string; name?: string }[] {
  const only = Object.hasOwn(simple, type) ? simple[type] : undefined
  if (only !== undefined) return [{ type: only === 'filename' && /[/\\]/.test(raw) ? 'path' : only, value: raw }]
  const bar = raw.lastIndexOf('|')
  if (type === 'domain|ip' && bar >= 0) {
    return [
      { type: 'domain', value: raw.slice(0, bar) },
      { type: 'ip', value: raw.slice(bar + 1) },
    ]
  }
  const [part, of] = (Object.hasOwn(composite, type) ? composite[type] : undefined) ?? []
  if (of === undefined || bar < 0) return []
  const parts = [raw.slice(0, bar), raw.slice(bar + 1)]
  return [{ type: of, value: parts[part ?? 0] ?? '', ...(part === 1 && parts[0] ? { name: parts[0] } : {}) }]
}

function factsOf(event: Fields): ListFacts {
  const title = text(event.info).slice(0, 200)
  const published = /^\d{4}-\d{2}-\d{2}$/.exec(text(event.date))?.[0]
  const organisation = isRecord(event.Orgc) ? text(event.Orgc.name).slice(0, 200) : ''
  return {
    ...(title ? { title } : {}),
    ...(published ? { published } : {}),
    ...(organisation ? { publisher: organisation } : {}),
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** MISP writes booleans as true, 1 or "1". */
function isYes(value: unknown): boolean {
  return value === true || value === 1 || value === '1' || value === 'true'
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
