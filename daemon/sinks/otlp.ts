/**
 * Events as OpenTelemetry log records, OTLP over HTTP in either of its encodings.
 *
 * One record per line; the line is the body, as a text or as a tree of values. The receiver may take a part and say how
 * many it refused, but never which: the batch then counts as refused, so that nothing vanishes without a dead letter.
 */
import { z } from 'zod'
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { eventsInWords, isObject, objectOf } from './event-json.ts'
import { credentialOf, type HttpAnswer, HttpClient } from './http-client.ts'
import { oneLine } from './http-failure.ts'
import { authOption, connectionOptions, receiverUrl } from './http-options.ts'
import { decodeAnswer, encodeLogs, type LogRecord, type LogsRequest, type PartialSuccess } from './otlp-protobuf.ts'
import { anyValueOf, keyValues } from './otlp-value.ts'
import { defineSink, type SinkContext, SinkError } from './sink.ts'

const options = z.strictObject({
  url: receiverUrl.describe('Address of the receiver without /v1/logs, e.g. https://collector.example:4318.'),
  encoding: z
    .enum(['json', 'protobuf'])
    .default('json')
    .describe('Encoding of the requests. Some receivers, VictoriaLogs among them, know protobuf alone.'),
  body: z
    .enum(['string', 'kvlist'])
    .default('string')
    .describe('The line as it stands, or parsed into a list of keys and values.'),
  resource_attributes: z
    .record(z.string().min(1).max(255), z.string().max(4096))
    .default({})
    .describe('Further attributes of the resource, besides service.name, service.version and host.name.'),
  auth: authOption.optional().describe('basic, bearer, or a header of its own; secrets by reference.'),
  gzip: z.boolean().default(true).describe('Compresses the requests.'),
  max_request_bytes: z
    .number()
    .int()
    .min(1024)
    .max(67_108_864)
    .default(4_000_000)
    .describe('Bytes of lines in one request; a longer line cannot be delivered. The Collector takes 20 MiB.'),
  ...connectionOptions,
})

type Options = z.output<typeof options>
type Severity = readonly [number: number, text: string]

/** `SeverityNumber` by Sigma's levels. */
const severityOfLevel: ReadonlyMap<unknown, Severity> = new Map([
  ['informational', [9, 'informational']],
  ['low', [13, 'low']],
  ['medium', [15, 'medium']],
  ['high', [17, 'high']],
  ['critical', [21, 'critical']],
])

/** `SeverityNumber` by osquery's own, as status lines have it. */
const severityOfStatus: readonly Severity[] = [
  [9, 'INFO'],
  [13, 'WARNING'],
  [17, 'ERROR'],
  [21, 'FATAL'],
]

const ordinary: Severity = [9, 'INFO']

export const otlpSink = defineSink({
  type: 'otlp',
  description: 'Events as OpenTelemetry log records to a collector or whatever else speaks OTLP/HTTP.',
  references: [
    'https://opentelemetry.io/docs/specs/otlp/#otlphttp',
    'https://opentelemetry.io/docs/specs/otel/logs/data-model/',
  ],
  options,
  async open(said, context) {
    const client = await HttpClient.open(said, context, credentialOf(said.auth, context))
    const isJson = said.encoding === 'json'
    const headers = { 'content-type': isJson ? 'application/json' : 'application/x-protobuf' }
    const origin = originOf(said, context)
    let warned = ''
    return {
      name: context.name,
      limits: { maxEvents: 1000, maxBytes: said.max_request_bytes, maxLineBytes: said.max_request_bytes },
      async write({ events }, signal) {
        const request = { ...origin, logRecords: events.map((event) => recordOf(event, said)) }
        const body = isJson ? jsonOfLogs(request) : encodeLogs(request)
        const what = `delivering ${eventsInWords(events.length)}`
        const answer = await client.post({ what, path: '/v1/logs', headers, body }, signal)
        const warning = settle(answer, isJson ? partOfJson(answer) : partOfProtobuf(answer), events.length)
        if (warning !== undefined && warning !== warned)
          context.warn({ warning }, 'the receiver took all events and warns')
        warned = warning ?? warned
      },
      async close() {
        client.close()
      },
    }
  },
})

/** Whom the records are from. */
function originOf(said: Options, context: SinkContext): Pick<LogsRequest, 'resource' | 'scope'> {
  const attributes = keyValues({
    'service.name': 'threecx-hunter',
    'service.version': context.version,
    'host.name': context.host,
    ...said.resource_attributes,
  })
  return { resource: { attributes }, scope: { name: 'threecx-hunter', version: context.version } }
}

function jsonOfLogs({ resource, scope, logRecords }: LogsRequest): string {
  return JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] })
}

function recordOf(event: SpooledEvent, { body }: Options): LogRecord {
  const [severityNumber, severityText] = severityOf(event)
  // 64-bit numbers are texts in OTLP's JSON. A line is made when its rows are seen: both times are the same.
  const time = String(BigInt(Math.max(Math.trunc(event.unixTime), 0)) * 1_000_000_000n)
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber,
    severityText,
    eventName: `osquery.${event.kind}`,
    body: (body === 'kvlist' ? anyValueOf(event.line) : undefined) ?? { stringValue: event.line },
    attributes: keyValues({
      'log.record.uid': event.id,
      'osquery.kind': event.kind,
      ...(event.query === '' ? {} : { 'osquery.query': event.query }),
    }),
  }
}

function severityOf({ kind, line }: SpooledEvent): Severity {
  // Looked for before parsing: few queries have a level.
  if (!line.includes(kind === 'status' ? '"severity"' : '"level"')) return ordinary
  const row = objectOf(line)
  if (kind === 'status') return severityOfStatus[Number(row?.['severity'])] ?? ordinary
  const columns = row?.['columns']
  return (isObject(columns) ? severityOfLevel.get(columns['level']) : undefined) ?? ordinary
}

/** What an answer says about refused records; nothing where it is none of OTLP's. */
function partOfJson({ text }: HttpAnswer): PartialSuccess | undefined {
  // Some receivers answer nothing at all, which is no partial success.
  const body = text.trim() === '' ? {} : objectOf(text)
  if (body === undefined) return undefined
  const partial = isObject(body['partialSuccess']) ? body['partialSuccess'] : {}
  const rejected = Number(partial['rejectedLogRecords'] ?? 0)
  return Number.isNaN(rejected) ? undefined : { rejected, message: String(partial['errorMessage'] ?? '') }
}

function partOfProtobuf({ bytes, isCut }: HttpAnswer): PartialSuccess | undefined {
  return isCut ? undefined : decodeAnswer(bytes)
}

/** A warning that came with full success. Throws `SinkError` when records were refused. */
function settle({ said }: HttpAnswer, partial: PartialSuccess | undefined, count: number): string | undefined {
  if (partial === undefined) {
    throw new SinkError('misconfigured', `${said}; expected the answer of an OTLP receiver. Is this one?`)
  }
  const { rejected, message } = partial
  const why = oneLine(message)
  if (rejected === 0) return why === '' ? undefined : why
  const refused = `${rejected} of ${eventsInWords(count)} were refused, and it is not said which: ${why}`
  throw new SinkError('refused', `${said.slice(0, 200)}: ${refused}`)
}
