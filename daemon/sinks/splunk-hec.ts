/**
 * Events to Splunk's HTTP Event Collector, one HEC event per line, with the line as the event.
 *
 * With `acknowledge` a batch counts as delivered when an indexer has written it, not when the collector has it in
 * memory. The id of the event is an indexed field (`event_id`), by which repeats are known. `TRUNCATE` of the source
 * type (10,000 bytes by default) cuts events inside Splunk, where nobody hears of it.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { eventsInWords, isObject, jsonOf, objectOf } from './event-json.ts'
import { type HttpAnswer, HttpClient, secretText, statusFailure } from './http-client.ts'
import { codeOfStatus, oneLine } from './http-failure.ts'
import { connectionOptions, headerValue, receiverUrl, secretOption } from './http-options.ts'
import { defineSink, SinkError, type SinkErrorCode } from './sink.ts'

const options = z.strictObject({
  url: receiverUrl.describe('Address of the collector, e.g. https://splunk.example:8088.'),
  token: secretOption.describe('Token of the collector: {file: PATH} or {env: NAME}. Read anew for every request.'),
  source: headerValue.default('threecx-hunter').describe('Source of the events.'),
  sourcetype: headerValue
    .default('osquery:results')
    .describe('Source type of results and snapshots; status lines have osquery:status.'),
  index: headerValue.optional().describe('Index to write to; absent: the default of the token.'),
  acknowledge: z
    .boolean()
    .default(false)
    .describe('Waits until an indexer has written the batch. The token must have indexer acknowledgement enabled.'),
  acknowledge_timeout_seconds: z
    .number()
    .positive()
    .max(600)
    .default(120)
    .describe('How long to wait for that before the batch is sent again.'),
  acknowledge_interval_seconds: z.number().positive().max(60).default(2).describe('How often to ask for it.'),
  gzip: z.boolean().default(true).describe('Compresses the requests.'),
  max_request_bytes: z
    .number()
    .int()
    .min(1024)
    .max(67_108_864)
    .default(1_000_000)
    .describe('Bytes of lines in one request; a longer line cannot be delivered. max_content_length of limits.conf.'),
  ...connectionOptions,
})

type Options = z.output<typeof options>

/** What the collector's codes mean where the status alone would say something else. */
const meaningOfCode: Readonly<Record<number, SinkErrorCode>> = {
  7: 'misconfigured', // incorrect index: all events have the same
  10: 'misconfigured', // data channel is missing
  11: 'misconfigured', // invalid data channel
  14: 'misconfigured', // acknowledgement is disabled
  16: 'misconfigured', // query string authorization is not enabled
}

/** Codes that blame one event, which `invalid-event-number` counts from zero. */
const eventCodes = new Set([5, 6, 12, 13, 15])

export const splunkHecSink = defineSink({
  type: 'splunk_hec',
  description: 'Events to Splunk over the HTTP Event Collector, on request until an indexer has written them.',
  references: [
    'https://help.splunk.com/splunk-enterprise/get-data-in/collect-http-event-data/format-events-for-http-event-collector',
    'https://help.splunk.com/splunk-enterprise/get-data-in/collect-http-event-data/http-event-collector-indexer-acknowledgment',
  ],
  options,
  async open(said, context) {
    const client = await HttpClient.open(said, context, () => [
      'authorization',
      `Splunk ${secretText(said.token, context)}`,
    ])
    const channel = randomUUID()
    const headers = {
      'content-type': 'application/json',
      ...(said.acknowledge ? { 'x-splunk-request-channel': channel } : {}),
    }
    return {
      name: context.name,
      limits: { maxEvents: 1000, maxBytes: said.max_request_bytes, maxLineBytes: said.max_request_bytes },
      async write({ events }, signal) {
        const body = events.map((event) => hecEvent(event, context.host, said)).join('\n')
        const what = `delivering ${eventsInWords(events.length)}`
        const answer = await client.exchange({ what, path: '/services/collector/event', headers, body }, signal)
        const ackId = accepted(answer, events)
        if (!said.acknowledge) return
        if (ackId === undefined) {
          throw new SinkError(
            'misconfigured',
            `${answer.said}; expected an ackId. Enable acknowledgement for the token`,
          )
        }
        await acknowledged(ackId, signal)
      },
      async close() {
        client.close()
      },
    }

    async function acknowledged(ackId: number, signal: AbortSignal): Promise<void> {
      const until = Date.now() + said.acknowledge_timeout_seconds * 1000
      const query = { channel }
      const body = JSON.stringify({ acks: [ackId] })
      const what = `asking for acknowledgement ${ackId}`
      while (Date.now() < until) {
        const { text } = await client.post({ what, path: '/services/collector/ack', query, headers, body }, signal)
        const acks = objectOf(text)?.['acks']
        if (isObject(acks) && acks[String(ackId)] === true) return
        await wait(said.acknowledge_interval_seconds * 1000, undefined, { signal }).catch((cause: unknown) => {
          throw new SinkError('unavailable', `${what} was stopped`, { cause })
        })
      }
      const seconds = said.acknowledge_timeout_seconds
      throw new SinkError('unavailable', `no indexer acknowledged batch ${ackId} within ${seconds} s; it is sent again`)
    }
  },
})

function hecEvent(event: SpooledEvent, host: string, { source, sourcetype, index }: Options): string {
  const about = JSON.stringify({
    time: event.unixTime,
    host,
    source,
    sourcetype: event.kind === 'status' ? 'osquery:status' : sourcetype,
    ...(index === undefined ? {} : { index }),
    fields: { event_id: event.id, query: event.query === '' ? undefined : event.query },
  })
  return `${about.slice(0, -1)},"event":${jsonOf(event)}}`
}

/** The number to ask for acknowledgement with, if there is one. Throws `SinkError` unless the collector took everything. */
function accepted(answer: HttpAnswer, events: readonly SpooledEvent[]): number | undefined {
  const body = objectOf(answer.text)
  const code = body?.['code']
  if (answer.status >= 200 && answer.status <= 299) {
    const ackId = body?.['ackId']
    if (code === 0) return typeof ackId === 'number' && Number.isSafeInteger(ackId) ? ackId : undefined
    throw new SinkError('misconfigured', `${answer.said}; expected {"code":0}. Is this a Splunk collector?`)
  }
  if (typeof code !== 'number' || codeOfStatus(answer.status) !== 'refused') throw statusFailure(answer)
  const meaning = meaningOfCode[code]
  if (meaning !== undefined) throw new SinkError(meaning, answer.said)
  const culprit = blamed(body, events)
  if (!eventCodes.has(code) || culprit === undefined) throw statusFailure(answer)
  // Whether those before it were indexed is not documented: all others go again, and carry their id.
  const reason = `Splunk answered code ${code}: ${oneLine(String(body?.['text'] ?? 'no reason given'))}`
  const failures = events.map(({ sequence }) =>
    sequence === culprit.sequence
      ? { sequence, reason, isFinal: true }
      : { sequence, reason: `sent beside event ${culprit.sequence}, which Splunk refused`, isFinal: false },
  )
  throw new SinkError('refused', answer.said, { failures })
}

function blamed(body: Readonly<Record<string, unknown>> | undefined, events: readonly SpooledEvent[]) {
  const number = body?.['invalid-event-number']
  return typeof number === 'number' && Number.isSafeInteger(number) ? events[number] : undefined
}
