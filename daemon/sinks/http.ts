/**
 * Events to any receiver that takes JSON over HTTP: a webhook, a collector, a function somewhere.
 *
 * The receiver's status is its word: 2xx means that it has the whole batch. It has no way to refuse one event of many.
 * Repeats are known by the id, which only `envelope` sends along.
 */
import { z } from 'zod'
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { eventsInWords, jsonOf } from './event-json.ts'
import { credentialOf, HttpClient } from './http-client.ts'
import { authOption, connectionOptions, receiverUrl } from './http-options.ts'
import { defineSink } from './sink.ts'

const options = z.strictObject({
  url: receiverUrl.describe('Address that takes the events, path and query included.'),
  method: z.enum(['POST', 'PUT', 'PATCH']).default('POST').describe('Method of the requests.'),
  format: z
    .enum(['json_array', 'ndjson'])
    .default('json_array')
    .describe('A batch as one JSON array, or as one JSON object per line.'),
  envelope: z
    .boolean()
    .default(false)
    .describe(
      'Wraps each line: {"id", "sequence", "checksum", "kind", "query", "event": LINE}, so that repeats are known.',
    ),
  gzip: z.boolean().default(false).describe('Compresses the requests; the receiver must know Content-Encoding: gzip.'),
  max_request_bytes: z
    .number()
    .int()
    .min(1024)
    .max(67_108_864)
    .default(1_000_000)
    .describe(
      'Bytes of lines in one request; a longer line cannot be delivered. nginx takes 1 MiB unless told otherwise.',
    ),
  auth: authOption.optional().describe('basic, bearer, or a header of its own; secrets by reference.'),
  ...connectionOptions,
})

export const httpSink = defineSink({
  type: 'http',
  description: 'Batches of lines to a webhook, as a JSON array or as NDJSON.',
  references: ['https://www.rfc-editor.org/rfc/rfc9110', 'https://github.com/ndjson/ndjson-spec'],
  options,
  async open(said, context) {
    const client = await HttpClient.open(said, context, credentialOf(said.auth, context))
    const isArray = said.format === 'json_array'
    const headers = { 'content-type': isArray ? 'application/json' : 'application/x-ndjson' }
    return {
      name: context.name,
      limits: { maxEvents: 1000, maxBytes: said.max_request_bytes, maxLineBytes: said.max_request_bytes },
      async write({ events }, signal) {
        const values = events.map(said.envelope ? enveloped : jsonOf)
        const body = isArray ? `[${values.join(',')}]` : `${values.join('\n')}\n`
        const what = `delivering ${eventsInWords(events.length)}`
        await client.post({ what, method: said.method, path: '', headers, body }, signal)
      },
      async close() {
        client.close()
      },
    }
  },
})

function enveloped(event: SpooledEvent): string {
  const { id, sequence, checksum, kind, query } = event
  const about = JSON.stringify({ id, sequence, checksum, kind, query })
  return `${about.slice(0, -1)},"event":${jsonOf(event)}}`
}
