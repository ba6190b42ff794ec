/**
 * Events to Elasticsearch or OpenSearch: `_bulk` with `create`, one ECS document per line.
 *
 * The id of the document is the id of the event, so a repeated delivery meets a conflict and counts as delivered (within
 * one backing index: a data stream that rolled over between the two has it twice). Whatever is wrong with one document
 * is told for that one alone.
 */
import { z } from 'zod'
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { ecsDocument } from './ecs-document.ts'
import { eventsInWords, isObject, objectOf } from './event-json.ts'
import { credentialOf, type HttpAnswer, HttpClient, secretText } from './http-client.ts'
import { codeOfStatus, oneLine } from './http-failure.ts'
import { authOption, connectionOptions, receiverUrl, secretOption } from './http-options.ts'
import { defineSink, type EventFailure, SinkError } from './sink.ts'

/** An answer names every document: some bytes for what went well, some hundred for what did not. */
const maxAnswerBytes = 8_388_608

const options = z.strictObject({
  url: receiverUrl.describe('Address of a node or of what stands before it, e.g. https://elastic.example:9200.'),
  index: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,254}$/, 'expected the name of a data stream or an index, in lower case')
    .default('logs-threecx_hunter.result-default')
    .describe('Data stream or index to write to.'),
  pipeline: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,255}$/)
    .optional()
    .describe('Ingest pipeline to send the documents through.'),
  api_key: secretOption
    .optional()
    .describe('Encoded API key (Authorization: ApiKey): {file: PATH} or {env: NAME}. Instead of auth.'),
  auth: authOption.optional().describe('basic, bearer, or a header of its own; secrets by reference.'),
  gzip: z.boolean().default(true).describe('Compresses the requests.'),
  max_request_bytes: z
    .number()
    .int()
    .min(1024)
    .max(67_108_864)
    .default(5_000_000)
    .describe(
      'Bytes of lines in one request; a longer line cannot be delivered. http.max_content_length of the server.',
    ),
  ...connectionOptions,
})

export const elasticsearchSink = defineSink({
  type: 'elasticsearch',
  description: 'Events as ECS documents to Elasticsearch or OpenSearch, with repeats recognised.',
  references: [
    'https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk',
    'https://www.elastic.co/docs/reference/ecs',
    'https://docs.opensearch.org/latest/api-reference/document-apis/bulk/',
  ],
  options: options.refine((said) => said.api_key === undefined || said.auth === undefined, {
    message: 'api_key and auth exclude each other',
    path: ['auth'],
  }),
  async open(said, context) {
    const { api_key: key } = said
    const client = await HttpClient.open(
      said,
      context,
      key === undefined
        ? credentialOf(said.auth, context)
        : () => ['authorization', `ApiKey ${secretText(key, context)}`],
    )
    const headers = { 'content-type': 'application/x-ndjson' }
    const query = {
      filter_path: 'errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason',
      ...(said.pipeline === undefined ? {} : { pipeline: said.pipeline }),
    }
    return {
      name: context.name,
      limits: { maxEvents: 1000, maxBytes: said.max_request_bytes, maxLineBytes: said.max_request_bytes },
      async write({ events }, signal) {
        const body = events.map((event) => action(event, said.index) + ecsDocument(event, context.host)).join('\n')
        const what = `delivering ${eventsInWords(events.length)}`
        const request = { what, path: '/_bulk', query, headers, body: `${body}\n`, maxAnswerBytes }
        settle(await client.post(request, signal), events)
      },
      async close() {
        client.close()
      },
    }
  },
})

function action({ id }: SpooledEvent, index: string): string {
  return `${JSON.stringify({ create: { _index: index, _id: id } })}\n`
}

/** Throws `SinkError` unless every document is there. */
function settle(answer: HttpAnswer, events: readonly SpooledEvent[]): void {
  if (answer.isCut)
    throw new SinkError('unavailable', `${answer.said.slice(0, 200)}: an answer beyond ${maxAnswerBytes} bytes`)
  const body = objectOf(answer.text)
  if (body?.['errors'] === false) return
  const items: unknown = body?.['items']
  if (!Array.isArray(items) || items.length !== events.length) {
    throw new SinkError('misconfigured', `${answer.said}; expected the answer of _bulk. Is this Elasticsearch?`)
  }
  const outcomes = events.map(({ sequence }, at) => ({ sequence, ...outcomeOf(items[at]) }))
  const failed = outcomes.filter(({ code }) => code !== 'delivered')
  const [first] = failed
  if (first === undefined) return
  const failures = failed.map(({ sequence, reason, code }): EventFailure => {
    return { sequence, reason, isFinal: code === 'refused' }
  })
  const code =
    (['misconfigured', 'unavailable'] as const).find((one) => failed.some((it) => it.code === one)) ?? 'refused'
  const count = `${failures.length} of ${eventsInWords(events.length)} were not taken`
  throw new SinkError(code, `${answer.said.slice(0, 200)}: ${count}, the first because: ${first.reason}`, { failures })
}

function outcomeOf(item: unknown): { readonly code: 'delivered' | SinkError['code']; readonly reason: string } {
  const create = isObject(item) ? item['create'] : undefined
  const status = isObject(create) ? create['status'] : undefined
  if (typeof status !== 'number') return { code: 'unavailable', reason: 'the answer says nothing about it' }
  // A conflict is a document that is there from a delivery whose answer was lost.
  if ((status >= 200 && status <= 299) || status === 409) return { code: 'delivered', reason: '' }
  const error = isObject(create) && isObject(create['error']) ? create['error'] : {}
  const cause = isObject(error['caused_by']) ? error['caused_by']['reason'] : undefined
  const texts = [error['type'], error['reason'], cause].filter((text) => typeof text === 'string')
  return { code: codeOfStatus(status), reason: oneLine(`${status} ${texts.join(': ')}`) }
}
