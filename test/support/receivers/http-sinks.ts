/**
 * Every sink that speaks HTTP, with the least it has to be told and the answer its receiver gives when all is well.
 * Tests that hold for all of them go through this list.
 */
import { elasticsearchSink } from '../../../daemon/sinks/elasticsearch.ts'
import { httpSink } from '../../../daemon/sinks/http.ts'
import { lokiSink } from '../../../daemon/sinks/loki.ts'
import { osqueryTlsSink } from '../../../daemon/sinks/osquery-tls.ts'
import { otlpSink } from '../../../daemon/sinks/otlp.ts'
import type { Sink, SinkContext, SinkDefinition } from '../../../daemon/sinks/sink.ts'
import { splunkHecSink } from '../../../daemon/sinks/splunk-hec.ts'
import { answers, type Behaviour } from './scripted-receiver.ts'
import { openSink } from './sink-surroundings.ts'

type Said = Readonly<Record<string, unknown>>

export interface HttpSinkUnderTest {
  /** Its type, and the manner of it where there are several. */
  readonly type: string
  /** Opens it; `options` come on top. */
  open(url: string, context: SinkContext, options?: Said): Promise<Sink>
  /** How its receiver takes everything. */
  readonly good: Behaviour
  /** Whether a request carries events, and is no errand of the protocol. */
  isDelivery(path: string): boolean
  /** Whether the status alone is its receiver's word. */
  readonly trustsStatus: boolean
}

/** Secrets that the sinks below ask for. */
export const secrets = { TOKEN: 'the-secret-token', ENROLL: 'the-enroll-secret', PASSWORD: 'the-password' }

function under<Options>(
  definition: SinkDefinition<Options>,
  least: Said,
  good: Behaviour,
  rest: Partial<Pick<HttpSinkUnderTest, 'isDelivery' | 'trustsStatus' | 'type'>> = {},
): HttpSinkUnderTest {
  return {
    type: definition.type,
    open: (url, context, options = {}) => openSink(definition, { url, ...least, ...options }, context),
    good,
    isDelivery: () => true,
    trustsStatus: false,
    ...rest,
  }
}

const fleet: Behaviour = ({ path }, response) =>
  void response.end(path === '/api/osquery/enroll' ? '{"node_key":"key-1"}' : '{}')

export const httpSinks: readonly HttpSinkUnderTest[] = [
  under(httpSink, { auth: { type: 'bearer', token: { env: 'TOKEN' } } }, answers(200), { trustsStatus: true }),
  under(osqueryTlsSink, { enroll_secret: { env: 'ENROLL' } }, fleet, {
    isDelivery: (path) => path === '/api/osquery/log',
  }),
  under(splunkHecSink, { token: { env: 'TOKEN' } }, answers(200, '{"text":"Success","code":0}')),
  under(elasticsearchSink, { api_key: { env: 'TOKEN' } }, answers(200, '{"errors":false}')),
  under(lokiSink, { auth: { type: 'basic', username: 'user', password: { env: 'PASSWORD' } } }, answers(204)),
  under(otlpSink, { auth: { type: 'bearer', token: { env: 'TOKEN' } } }, answers(200, '{"partialSuccess":{}}')),
  under(otlpSink, { encoding: 'protobuf', auth: { type: 'bearer', token: { env: 'TOKEN' } } }, answers(200), {
    type: 'otlp (protobuf)',
  }),
]
