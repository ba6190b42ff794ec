/**
 * Events to Grafana Loki (and what speaks its push protocol): few streams, the event's id as structured metadata.
 *
 * The time of an entry is the second of its line plus its sequence in nanoseconds: entries of one second stay in order,
 * and a repeated delivery is the same entry, which Loki drops. Labels make streams, and streams cost: there is one for
 * each host, kind and query, and for queries beyond a bound a common one.
 */
import { z } from 'zod'
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { eventsInWords, objectOf } from './event-json.ts'
import { credentialOf, type HttpAnswer, HttpClient, statusFailure } from './http-client.ts'
import { oneLine } from './http-failure.ts'
import { authOption, connectionOptions, headerValue, receiverUrl } from './http-options.ts'
import { defineSink, SinkError } from './sink.ts'

const labelName = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]{0,127}$/, 'expected the name of a label')
const labelValue = z.string().min(1).max(1024)

const options = z.strictObject({
  url: receiverUrl.describe('Address of Loki without /loki/api/v1/push, e.g. https://loki.example:3100.'),
  tenant: headerValue.optional().describe('Tenant (X-Scope-OrgID), where Loki has several.'),
  labels: z
    .record(labelName, labelValue)
    .default({ job: 'threecx-hunter' })
    .describe('Labels of every stream, besides host, kind and query.'),
  max_queries: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(200)
    .describe('Queries that get a stream of their own; further ones share query="other".'),
  structured_metadata: z
    .boolean()
    .default(true)
    .describe('Sends id and query beside each line. Loki before 3.0 has to be told to allow it.'),
  auth: authOption.optional().describe('basic, bearer, or a header of its own; secrets by reference.'),
  gzip: z.boolean().default(true).describe('Compresses the requests.'),
  max_line_bytes: z
    .number()
    .int()
    .min(256)
    .max(67_108_864)
    .default(262_144)
    .describe('A longer line cannot be delivered. max_line_size of limits_config, 256 KB unless told otherwise.'),
  ...connectionOptions,
})

type Options = z.output<typeof options>

/** Loki's own bound of a message between its parts is 4 MiB. */
const maxBytes = 1_500_000

export const lokiSink = defineSink({
  type: 'loki',
  description: 'Lines to Grafana Loki, in order, with labels of bounded number.',
  references: [
    'https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs',
    'https://grafana.com/docs/loki/latest/get-started/labels/structured-metadata/',
  ],
  options,
  async open(said, context) {
    const client = await HttpClient.open(said, context, credentialOf(said.auth, context))
    const queries = new Set<string>()
    const headers = {
      'content-type': 'application/json',
      ...(said.tenant === undefined ? {} : { 'x-scope-orgid': said.tenant }),
    }
    return {
      name: context.name,
      limits: { maxEvents: 1000, maxBytes: Math.max(maxBytes, said.max_line_bytes), maxLineBytes: said.max_line_bytes },
      async write({ events }, signal) {
        const body = push(events, context.host, said, (query) => labelled(query, queries, said.max_queries))
        const what = `delivering ${eventsInWords(events.length)}`
        const answer = await client.exchange({ what, path: '/loki/api/v1/push', headers, body }, signal)
        if (answer.status < 200 || answer.status > 299) throw refusalOf(answer, events)
        // Loki itself answers 204; a page with a good status is somebody else's.
        if (answer.text.trim() !== '' && objectOf(answer.text) === undefined) {
          throw new SinkError('misconfigured', `${answer.said}; expected an empty answer. Is this Loki?`)
        }
      },
      async close() {
        client.close()
      },
    }
  },
})

/** The query as a label: itself while there is room for another stream. */
function labelled(query: string, known: Set<string>, max: number): string {
  if (known.has(query)) return query
  if (known.size >= max) return 'other'
  known.add(query)
  return query
}

function push(
  events: readonly SpooledEvent[],
  host: string,
  { labels, structured_metadata: hasMetadata }: Options,
  labelOf: (query: string) => string,
): string {
  const streams = new Map<string, string[]>()
  for (const event of events) {
    const { kind, query, id } = event
    const own = { host, kind, ...(query === '' ? {} : { query: labelOf(query) }) }
    const stream = JSON.stringify({ ...labels, ...own })
    const entry: unknown[] = [nanoseconds(event), event.line]
    // Values are texts, and an empty one is no value.
    if (hasMetadata) entry.push({ event_id: id, ...(query === '' ? {} : { query_name: query }) })
    const entries = streams.get(stream) ?? []
    streams.set(stream, entries)
    entries.push(JSON.stringify(entry))
  }
  const parts = [...streams].map(([stream, entries]) => `{"stream":${stream},"values":[${entries.join(',')}]}`)
  return `{"streams":[${parts.join(',')}]}`
}

function nanoseconds({ unixTime, sequence }: SpooledEvent): string {
  return String(BigInt(Math.max(Math.trunc(unixTime), 0)) * 1_000_000_000n + BigInt(sequence % 1_000_000_000))
}

/**
 * What a refusal says. Loki takes the good entries of a push and lists some bad ones of one stream by their time, which
 * is unique among ours. The rest goes again: what is there already is dropped as the same entry.
 */
function refusalOf(answer: HttpAnswer, events: readonly SpooledEvent[]): SinkError {
  const whole = statusFailure(answer)
  if (whole.code !== 'refused') return whole
  const named = new Map<string, string>()
  const pattern =
    /entry with timestamp (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,9})? \+0000 UTC ignored, reason: '([^'\n]{0,500})/g
  for (const [, day, time, fraction, reason] of answer.text.matchAll(pattern)) {
    const seconds = Date.parse(`${day}T${time}Z`) / 1000
    named.set(`${seconds}${(fraction ?? '.').slice(1).padEnd(9, '0')}`, oneLine(reason ?? ''))
  }
  if (!events.some((event) => named.has(nanoseconds(event)))) return whole
  const failures = events.map((event) => {
    const reason = named.get(nanoseconds(event))
    return reason === undefined
      ? { sequence: event.sequence, reason: 'sent beside entries that Loki refused', isFinal: false }
      : { sequence: event.sequence, reason: `Loki: ${reason}`, isFinal: true }
  })
  return new SinkError('refused', answer.said, { failures })
}
