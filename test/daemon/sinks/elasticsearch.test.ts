/**
 * The bulk interface: what becomes of each document, in recorded answers and at a real OpenSearch; and at VictoriaLogs,
 * which speaks it too.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { elasticsearchSink } from '../../../daemon/sinks/elasticsearch.ts'
import type { Sink } from '../../../daemon/sinks/sink.ts'
import { sampleEvents } from '../../support/receivers/sample-events.ts'
import { answers, ScriptedReceiver } from '../../support/receivers/scripted-receiver.ts'
import { failureOf, openSink, resultEvent, testContext, unhurried } from '../../support/receivers/sink-surroundings.ts'
import {
  eventually,
  fetchJson,
  fetchText,
  opensearch,
  ServerProcess,
  victoriaLogs,
} from '../../support/servers/http-servers.ts'
import { freePort } from '../../support/servers/server-process.ts'

const batch = { events: [1, 2, 3, 4].map((sequence) => resultEvent(sequence)) }

let sink: Sink | undefined
afterEach(() => sink?.close())

async function open(url: string, options: Readonly<Record<string, unknown>> = {}): Promise<Sink> {
  sink = await openSink(elasticsearchSink, { url, ...options }, testContext({ KEY: 'a2V5' }))
  return sink
}

describe('elasticsearch, by its answers', () => {
  let receiver: ScriptedReceiver
  afterEach(() => receiver.stop())

  const item = (status: number, type = 'some_exception', reason = 'because') =>
    status < 300 ? { create: { status } } : { create: { status, error: { type, reason } } }

  async function write(items: readonly unknown[]) {
    receiver = await ScriptedReceiver.start(answers(200, JSON.stringify({ errors: true, items })))
    return (await open(receiver.url)).write(batch, unhurried())
  }

  it('counts a conflict as delivered', async () => {
    await write([item(201), item(409), item(201), item(409)])
  })

  it('fails what failed, for good or for now', async () => {
    const failure = await failureOf(
      write([item(201), item(400, 'document_parsing_exception', 'no\nlong'), item(429), item(503)]),
    )
    expect(failure.code).toBe('unavailable')
    expect(failure.failures).toEqual([
      { sequence: 2, reason: '400 document_parsing_exception: no long', isFinal: true },
      { sequence: 3, reason: '429 some_exception: because', isFinal: false },
      { sequence: 4, reason: '503 some_exception: because', isFinal: false },
    ])
    expect(failure.message).toContain('3 of 4 events were not taken, the first because: 400 document_parsing_exception')
  })

  it.each([
    ['only for good', [item(201), item(400), item(201), item(201)], 'refused', [[2, true]]],
    [
      'for want of rights',
      [item(403), item(201), item(201), item(400)],
      'misconfigured',
      [
        [1, false],
        [4, true],
      ],
    ],
    [
      'for want of an index',
      [item(404), item(404), item(404), item(404)],
      'misconfigured',
      [
        [1, false],
        [2, false],
        [3, false],
        [4, false],
      ],
    ],
    [
      'without a word',
      [item(201), {}, null, { create: 7 }],
      'unavailable',
      [
        [2, false],
        [3, false],
        [4, false],
      ],
    ],
  ])('tells documents that fail %s', async (_, items, code, failures) => {
    const failure = await failureOf(write(items))
    expect(failure.code).toBe(code)
    expect(failure.failures?.map(({ sequence, isFinal }) => [sequence, isFinal])).toEqual(failures)
  })

  it.each(['{"errors":true,"items":[]}', '{}', '{"errors":true}', '{"errors":"false"}', 'null', ''])(
    'does not believe %j',
    async (answer) => {
      receiver = await ScriptedReceiver.start(answers(200, answer))
      const failure = await failureOf((await open(receiver.url)).write(batch, unhurried()))
      expect(failure.code).toBe('misconfigured')
      expect(failure.failures).toBeUndefined()
    },
  )

  it('keeps the path of its address', async () => {
    receiver = await ScriptedReceiver.start(answers(200, '{"errors":false}'))
    await (await open(`${receiver.url}/cluster/a/`, { pipeline: 'geo' })).write(batch, unhurried())
    expect(receiver.last.path).toMatch(/^\/cluster\/a\/_bulk\?.*pipeline=geo/)
  })
})

describe.skipIf(!opensearch.isThere)(`elasticsearch, at a real OpenSearch${opensearch.note}`, () => {
  let server: ServerProcess
  let url: string

  beforeAll(async () => {
    server = new ServerProcess('opensearch')
    mkdirSync(join(server.directory, 'config'))
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const home = join(opensearch.path, '..')
    const path = `${join(home, 'lib', '*')}:${home}`
    const args = ['-Xms256m', '-Xmx512m', '-cp', path, 'Server', server.directory, String(port)]
    await server.start('java', args, () => fetchJson(`${url}/_cluster/health?wait_for_status=yellow&timeout=5s`))
    const template = {
      index_patterns: ['logs-*'],
      data_stream: {},
      template: { mappings: { properties: { osquery: { properties: { columns: { type: 'flat_object' } } } } } },
    }
    await put('/_index_template/logs', template)
  }, 180_000)
  afterAll(() => server?.stop())

  const put = (path: string, body: unknown) =>
    fetchJson(`${url}${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  async function documents(index: string): Promise<Record<string, unknown>[]> {
    await fetchText(`${url}/${index}/_refresh`, { method: 'POST' })
    const found = await fetchJson(`${url}/${index}/_search?size=1000&sort=event.sequence`)
    const { hits } = found as { hits: { hits: { _source: Record<string, unknown> }[] } }
    return hits.hits.map(({ _source }) => _source)
  }

  it('fills a data stream, and a repeat changes nothing', async () => {
    await open(url)
    await sink?.write({ events: sampleEvents.slice(0, 3) }, unhurried())
    await sink?.write({ events: sampleEvents }, unhurried())
    await sink?.write({ events: sampleEvents }, unhurried())
    const found = await documents('logs-threecx_hunter.result-default')
    expect(found).toHaveLength(sampleEvents.length)
    expect(found.map(({ osquery }) => osquery)).toEqual(sampleEvents.map(({ line }) => JSON.parse(line)))
  }, 120_000)

  it('gives back the one document that does not fit the mapping', async () => {
    await put('/strict', { mappings: { properties: { file: { properties: { path: { type: 'ip' } } } } } })
    await open(url, { index: 'strict' })
    const events = [
      resultEvent(1, { path: '10.0.0.1' }),
      resultEvent(2, { path: '/opt/3CX' }),
      resultEvent(3, { path: '::1' }),
    ]
    const failure = await failureOf(sink?.write({ events }, unhurried()) ?? Promise.resolve())
    expect(failure.code).toBe('refused')
    expect(failure.failures).toHaveLength(1)
    expect(failure.failures?.[0]).toMatchObject({ sequence: 2, isFinal: true })
    expect(failure.failures?.[0]?.reason).toMatch(/^400 mapper_parsing_exception: .*'\/opt\/3CX' is not an IP/)
    expect(await documents('strict')).toHaveLength(2)
  }, 120_000)

  it('calls a person when the index may not be written', async () => {
    await put('/closed', { settings: { 'index.blocks.write': true } })
    await open(url, { index: 'closed' })
    const failure = await failureOf(sink?.write(batch, unhurried()) ?? Promise.resolve())
    expect(failure.code).toBe('misconfigured')
    expect(failure.failures?.every(({ isFinal }) => !isFinal)).toBe(true)
  }, 120_000)
})

describe.skipIf(!victoriaLogs.isThere)(`elasticsearch, at a real VictoriaLogs${victoriaLogs.note}`, () => {
  let server: ServerProcess
  let url: string

  beforeAll(async () => {
    server = new ServerProcess('victoria-logs')
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const args = [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${join(server.directory, 'data')}`]
    await server.start(victoriaLogs.path, [...args, '-retentionPeriod=100y'], () => fetchText(`${url}/health`))
  })
  afterAll(() => server?.stop())

  it('is read with its times and fields', async () => {
    await open(`${url}/insert/elasticsearch`, {
      headers: { 'vl-time-field': '@timestamp', 'vl-msg-field': 'rule.name' },
    })
    await sink?.write({ events: sampleEvents }, unhurried())
    const found = await eventually(async () => {
      const text = await fetchText(`${url}/select/logsql/query?query=*&limit=1000`)
      const rows = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, string>)
      expect(rows).toHaveLength(sampleEvents.length)
      return rows
    })
    expect(found.map((row) => row['event.id']).sort()).toEqual(sampleEvents.map(({ id }) => id).sort())
    const first = found.find((row) => row['event.id'] === '5f0c-1')
    expect(first).toMatchObject({
      _time: '2026-08-06T10:00:00Z',
      'file.name': 'ffmpeg.dll',
      'host.name': 'host-1.example',
    })
  })
})
