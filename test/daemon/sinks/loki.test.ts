/**
 * Loki's push: what its refusals mean, by recorded answers, and entries as a real VictoriaLogs reads the same protocol.
 */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { lokiSink } from '../../../daemon/sinks/loki.ts'
import type { Sink } from '../../../daemon/sinks/sink.ts'
import { sampleEvents } from '../../support/receivers/sample-events.ts'
import { answers, ScriptedReceiver } from '../../support/receivers/scripted-receiver.ts'
import { failureOf, openSink, resultEvent, testContext, unhurried } from '../../support/receivers/sink-surroundings.ts'
import { eventually, fetchText, ServerProcess, victoriaLogs } from '../../support/servers/http-servers.ts'
import { freePort } from '../../support/servers/server-process.ts'

const time = 1_786_010_400
const batch = { events: [1, 2, 300_000_000].map((sequence) => resultEvent(sequence, {}, { unixTime: time })) }

let sink: Sink | undefined
afterEach(() => sink?.close())

async function open(url: string, options: Readonly<Record<string, unknown>> = {}): Promise<Sink> {
  sink = await openSink(lokiSink, { url, ...options }, testContext())
  return sink
}

interface Push {
  readonly streams: { readonly stream: Record<string, string>; readonly values: [string, string, object?][] }[]
}

describe('loki, by its answers', () => {
  let receiver: ScriptedReceiver
  afterEach(() => receiver.stop())

  async function write(status: number, answer: string, events = batch.events): Promise<void> {
    receiver = await ScriptedReceiver.start(answers(status, answer))
    await (await open(receiver.url)).write({ events }, unhurried())
  }

  it('gives up entries that are too far behind, and repeats the others', async () => {
    const refusal = `entry with timestamp 2026-08-06 10:00:00.000000001 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-08-06T10:00:00Z, oldest acceptable timestamp is: 2026-08-06T11:00:00Z',
entry with timestamp 2026-08-06 10:00:00.3 +0000 UTC ignored, reason: 'entry out of order',
user 'fake', total ignored: 2 out of 3 for stream: {job="threecx-hunter"}`
    const failure = await failureOf(write(400, refusal))
    expect(failure.code).toBe('refused')
    expect(failure.message).not.toContain('\n')
    expect(failure.failures).toEqual([
      { sequence: 1, reason: expect.stringMatching(/^Loki: entry too far behind/), isFinal: true },
      { sequence: 2, reason: 'sent beside entries that Loki refused', isFinal: false },
      { sequence: 300_000_000, reason: 'Loki: entry out of order', isFinal: true },
    ])
  })

  it('reads a time without a fraction as the whole second', async () => {
    const whole = { ...batch.events[0], sequence: 1_000_000_000 } as (typeof batch.events)[0]
    const refusal = "entry with timestamp 2026-08-06 10:00:00 +0000 UTC ignored, reason: 'entry out of order',"
    const failure = await failureOf(write(400, refusal, [whole]))
    expect(failure.failures?.map(({ isFinal }) => isFinal)).toEqual([true])
  })

  it.each([
    'entry for stream \'{job="threecx-hunter"}\' has timestamp too old: 2026-08-06T10:00:00Z',
    "Max entry size '262144' bytes exceeded for stream '{}' while adding an entry with length '300000' bytes",
    "entry with timestamp 1999-01-01 00:00:00 +0000 UTC ignored, reason: 'not ours'",
    '',
  ])('refuses the whole batch where it is not said which entry is meant: %j', async (refusal) => {
    const failure = await failureOf(write(400, refusal))
    expect(failure.code).toBe('refused')
    expect(failure.failures).toBeUndefined()
  })

  it('comes back later when a limit was reached', async () => {
    const refusal =
      "entry with timestamp 2026-08-06 10:00:00.000000001 +0000 UTC ignored, reason: 'Per stream rate limit exceeded"
    const failure = await failureOf(write(429, refusal))
    expect(failure.code).toBe('unavailable')
    expect(failure.failures).toBeUndefined()
  })

  it('sends the same entry when it repeats one, and keeps entries of one second in order', async () => {
    await write(204, '')
    await sink?.write(batch, unhurried())
    const [first, second] = receiver.received.map(({ body }) => body)
    expect(first).toBe(second)
    const { streams } = JSON.parse(first ?? '') as Push
    const times = streams.flatMap(({ values }) => values.map(([at]) => at))
    expect(times).toEqual(['1786010400000000001', '1786010400000000002', '1786010400300000000'])
  })

  it('makes a bounded number of streams, whatever the queries are called', async () => {
    receiver = await ScriptedReceiver.start(answers(204))
    await open(receiver.url, { max_queries: 5, structured_metadata: false })
    for (let round = 0; round < 3; round++) {
      const events = Array.from({ length: 50 }, (_, at) => resultEvent(at + 1, {}, { query: `q${round}-${at}` }))
      await sink?.write({ events }, unhurried())
    }
    const streams = receiver.received.flatMap(({ body }) => (JSON.parse(body) as Push).streams)
    expect(new Set(streams.map(({ stream }) => JSON.stringify(stream))).size).toBe(6)
    expect(streams.flatMap(({ values }) => values).every((entry) => entry.length === 2)).toBe(true)
  })
})

describe.skipIf(!victoriaLogs.isThere)(`loki, at a real VictoriaLogs${victoriaLogs.note}`, () => {
  let server: ServerProcess
  let url: string

  beforeAll(async () => {
    server = new ServerProcess('victoria-logs')
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const args = [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${join(server.directory, 'data')}`]
    const reading = ['-retentionPeriod=100y', '-loki.disableMessageParsing']
    await server.start(victoriaLogs.path, [...args, ...reading], () => fetchText(`${url}/health`))
  })
  afterAll(() => server?.stop())

  it('arrives line by line, with labels, id and time', async () => {
    await open(`${url}/insert`)
    await sink?.write({ events: sampleEvents }, unhurried())
    const rows = await eventually(async () => {
      const text = await fetchText(`${url}/select/logsql/query?query=*&limit=1000`)
      const found = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, string>)
      expect(found).toHaveLength(sampleEvents.length)
      return new Map(found.map((row) => [row['event_id'], row]))
    })
    for (const { id, line, kind, query, sequence } of sampleEvents) {
      const row = rows.get(id)
      expect(row?.['_msg']).toBe(line)
      expect(row?.['kind']).toBe(kind)
      expect(row?.['query'] ?? '').toBe(query)
      expect(row?.['_time']).toContain(`.00000000${sequence}Z`)
    }
  })
})
