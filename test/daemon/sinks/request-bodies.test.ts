/**
 * What each sink that speaks HTTP puts on the wire, in golden files, for events of every kind.
 */
import { afterEach, expect, it } from 'vitest'
import { elasticsearchSink } from '../../../daemon/sinks/elasticsearch.ts'
import { httpSink } from '../../../daemon/sinks/http.ts'
import { lokiSink } from '../../../daemon/sinks/loki.ts'
import { otlpSink } from '../../../daemon/sinks/otlp.ts'
import type { SinkDefinition } from '../../../daemon/sinks/sink.ts'
import { splunkHecSink } from '../../../daemon/sinks/splunk-hec.ts'
import { expectGolden } from '../../support/golden.ts'
import { sampleEvents } from '../../support/receivers/sample-events.ts'
import { answers, ScriptedReceiver } from '../../support/receivers/scripted-receiver.ts'
import { openSink, testContext, unhurried } from '../../support/receivers/sink-surroundings.ts'

let receiver: ScriptedReceiver
afterEach(() => receiver.stop())

/** Headers that are ours, without what names this run. */
const shown = ['content-type', 'content-encoding', 'authorization', 'x-scope-orgid', 'x-own']

async function wire<Options>(
  definition: SinkDefinition<Options>,
  options: Readonly<Record<string, unknown>>,
  answer: string,
) {
  receiver = await ScriptedReceiver.start(answers(200, answer))
  const sink = await openSink(definition, { url: receiver.url, ...options }, testContext({ TOKEN: 'token' }))
  await sink.write({ events: sampleEvents }, unhurried())
  await sink.close()
  const { method, path, headers, body } = receiver.last
  const sent = Object.fromEntries(shown.flatMap((name) => (headers[name] ? [[name, headers[name]]] : [])))
  return { method, path, headers: sent, body }
}

/** Every line of a body that has one document per line. */
const documents = (body: string): unknown[] =>
  body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)

it('http sends one array of the lines as they stand', async () => {
  const { body, ...rest } = await wire(httpSink, { headers: { 'X-Own': 'yes' }, gzip: true }, '')
  expect(body).toBe(`[${sampleEvents.map(({ line }) => line).join(',')}]`)
  expect(rest).toEqual({
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', 'x-own': 'yes' },
  })
})

it('http sends a line per event, with an envelope on request', async () => {
  const plain = await wire(httpSink, { format: 'ndjson', method: 'PUT' }, '')
  expect(plain.body).toBe(sampleEvents.map(({ line }) => `${line}\n`).join(''))
  await receiver.stop()
  const { body, ...rest } = await wire(httpSink, { format: 'ndjson', envelope: true }, '')
  expect(body.split('\n').slice(0, -1)).toHaveLength(sampleEvents.length)
  await expectGolden('sinks/http-envelope', { ...rest, body: documents(body) })
})

it('splunk_hec sends HEC events with raw lines', async () => {
  const { body, ...rest } = await wire(splunkHecSink, { token: { env: 'TOKEN' }, index: 'hunt' }, '{"code":0}')
  for (const { line } of sampleEvents) expect(body).toContain(`"event":${line}}`)
  await expectGolden('sinks/splunk_hec', { ...rest, body: documents(body) })
})

it('elasticsearch sends actions and ECS documents with raw lines', async () => {
  const { body, ...rest } = await wire(elasticsearchSink, { api_key: { env: 'TOKEN' } }, '{"errors":false}')
  for (const { line } of sampleEvents) expect(body).toContain(`"osquery":${line}}\n`)
  await expectGolden('sinks/elasticsearch', { ...rest, body: documents(body) })
})

it('loki sends streams in order, with times of their own', async () => {
  const { body, ...rest } = await wire(lokiSink, { tenant: 'hunters', max_queries: 2 }, '')
  const { streams } = JSON.parse(body) as { streams: { values: [string, string, object][] }[] }
  expect(streams.flatMap(({ values }) => values.map(([, line]) => line)).sort()).toEqual(
    sampleEvents.map(({ line }) => line).sort(),
  )
  await expectGolden('sinks/loki', { ...rest, body: { streams } })
})

it.each(['string', 'kvlist'])('otlp sends log records with a body of kind %s', async (kind) => {
  const { body, ...rest } = await wire(
    otlpSink,
    { body: kind, resource_attributes: { 'deployment.environment': 'lab' } },
    '{}',
  )
  await expectGolden(`sinks/otlp-${kind}`, { ...rest, body: JSON.parse(body) as unknown })
})
