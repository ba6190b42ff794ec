/**
 * The Kafka sink against a real broker, started by the test.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin, Consumer, type Message } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaRecord, kafkaSink } from '../../../daemon/sinks/kafka.ts'
import type { Sink, SinkError } from '../../../daemon/sinks/sink.ts'
import type { SpooledEvent } from '../../../extension/domain/result-event.ts'
import { expectGolden } from '../../support/golden.ts'
import { type Kafka, kafkaProblem, startKafka } from '../../support/servers/kafka.ts'
import { type TestAuthority, testAuthority } from '../../support/servers/test-authority.ts'
import { event, events, failureOf, never, sinkContext } from '../../support/sink-events.ts'

it('a record holds the line, and beside it what a reader needs', async () => {
  const record = kafkaRecord(event(7), 'host', 'host-1.example')
  const text = (bytes: Buffer) => bytes.toString()
  const headers = [...record.headers].map(([name, value]) => [text(name), text(value)])
  const shown = { key: text(record.key), value: text(record.value), headers, timestamp: String(record.timestamp) }
  await expectGolden('sinks/kafka', shown)
})

const problem = kafkaProblem()

describe.skipIf(problem)(`kafka${problem ? ` (skipped: ${problem})` : ''}`, { timeout: 180_000 }, () => {
  let directory: string
  let authority: TestAuthority
  let server: Kafka
  let admin: Admin

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'threecx-kafka-'))
    authority = testAuthority(directory)
    server = await startKafka(directory, { authority, server: authority.issue('server') })
    admin = new Admin({ clientId: 'test', bootstrapBrokers: [`127.0.0.1:${server.port}`] })
  }, 240_000)

  afterAll(async () => {
    await admin?.close()
    await server?.stop()
    rmSync(directory, { recursive: true, force: true })
  }, 60_000)

  async function open(given: object, secrets: Record<string, string> = {}): Promise<Sink> {
    const target = { brokers: [{ host: '127.0.0.1', port: server.port }], ...given }
    return await kafkaSink.open(kafkaSink.options.parse(target), sinkContext({ ca: authority.ca, ...secrets }))
  }

  async function make(topic: string, partitions = 1, configs: { name: string; value: string }[] = []): Promise<void> {
    await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs })
  }

  /**
   * Sends what is not there yet until all of it is, or until the sink gives another reason, as the delivery loop does. A
   * young topic has no leaders yet and a young broker no coordinator: unavailable, for all events or for those named.
   */
  async function settled(sink: Sink, batch: SpooledEvent[]): Promise<SinkError | undefined> {
    let rest = batch
    for (;;) {
      const outcome = await sink.write({ events: rest }, never).then(
        () => undefined,
        (cause: SinkError) => cause,
      )
      if (outcome?.code !== 'unavailable') return outcome
      const failed = outcome.failures && new Set(outcome.failures.map(({ sequence }) => sequence))
      if (failed) rest = rest.filter(({ sequence }) => failed.has(sequence))
    }
  }

  /** Messages of a topic up to a count of different ones: an event whose acknowledgement was lost is there twice. */
  async function messagesIn(topic: string, count: number): Promise<Message[]> {
    const bootstrapBrokers = [`127.0.0.1:${server.port}`]
    const consumer = new Consumer({ clientId: 'test', groupId: `read-${topic}`, bootstrapBrokers })
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false, maxWaitTime: 100 })
    const messages = new Map<string, Message>()
    for await (const message of stream) {
      const value = message.value.toString()
      if (!messages.has(value)) messages.set(value, message)
      if (messages.size >= count) break
    }
    await consumer.close(true)
    return [...messages.values()]
  }

  it('stores every line in order in one partition, with its headers', async () => {
    await make('plain', 3)
    const sink = await open({ topic: 'plain' })
    expect(await settled(sink, events(1, 200))).toBeUndefined()
    await sink.write({ events: events(201, 210) }, never)
    await sink.close()
    const messages = await messagesIn('plain', 210)
    expect(messages.map(({ value }) => value.toString())).toEqual(events(1, 210).map(({ line }) => line))
    expect(new Set(messages.map(({ partition }) => partition)).size).toBe(1)
    const headers = [...(messages[0]?.headers ?? [])].map(([name, value]) => [String(name), String(value)])
    expect(Object.fromEntries(headers)).toMatchObject({ id: 'host-1-1', sequence: '1', kind: 'result' })
  })

  it('spreads by id over partitions, packed with zstd', async () => {
    await make('spread', 4)
    const sink = await open({ topic: 'spread', key: 'id', compression: 'zstd' })
    expect(await settled(sink, events(1, 100))).toBeUndefined()
    await sink.close()
    const messages = await messagesIn('spread', 100)
    expect(messages.map(({ value }) => value.toString()).sort()).toEqual(
      events(1, 100)
        .map(({ line }) => line)
        .sort(),
    )
    expect(new Set(messages.map(({ partition }) => partition)).size).toBe(4)
  })

  it('calls a record final that the topic will never take, and stores the others', async () => {
    await make('small', 2, [{ name: 'max.message.bytes', value: '1500' }])
    const sink = await open({ topic: 'small' })
    const long = event(2, { line: JSON.stringify('x'.repeat(5000)) })
    const failure = await settled(sink, [event(1), long, event(3)])
    expect(failure).toMatchObject({ code: 'refused', failures: [{ sequence: 2, isFinal: true }] })
    expect(failure?.message).toMatch(/MESSAGE_TOO_LARGE/)
    await sink.write({ events: [event(4)] }, never)
    await sink.close()
    const stored = (await messagesIn('small', 3)).map(({ value }) => value.toString())
    expect(stored).toEqual([1, 3, 4].map((sequence) => event(sequence).line))
  })

  it('takes the longest line that the sink takes', async () => {
    await make('long')
    const sink = await open({ topic: 'long' })
    const line = JSON.stringify('x'.repeat(sink.limits.maxLineBytes - 2))
    expect(await settled(sink, [event(1, { line })])).toBeUndefined()
    await sink.close()
  })

  it('without the topic needs a person', async () => {
    const failure = await failureOf((await open({ topic: 'absent' })).write({ events: [event(1)] }, never))
    expect([failure.code, failure.message]).toEqual(['misconfigured', expect.stringMatching(/absent.*make the topic/)])
  })

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])('is reached over TLS with a login by %s', async (mechanism) => {
    await make(`login-${mechanism}`)
    const secure = (password: string) => ({
      brokers: [{ host: 'localhost', port: server.securePort }],
      topic: `login-${mechanism}`,
      tls: { ca: { env: 'ca' } },
      sasl: { mechanism, username: 'hunter', password: { env: password } },
    })
    const secrets = { right: 'secret', wrong: 'guess' }
    const sink = await open(secure('right'), secrets)
    expect(await settled(sink, [event(1)])).toBeUndefined()
    await sink.close()
    expect(await messagesIn(`login-${mechanism}`, 1)).toHaveLength(1)
    const wrong = await failureOf((await open(secure('wrong'), secrets)).write({ events: [event(1)] }, never))
    expect([wrong.code, wrong.message]).toEqual(['misconfigured', expect.not.stringContaining('guess')])
  })

  it('is not spoken to when its certificate is not trusted, is for another name, or when it wants TLS and we do not', async () => {
    const brokers = [{ host: 'localhost', port: server.securePort }]
    for (const tls of [{}, { ca: { env: 'ca' }, server_name: 'elsewhere.example' }, undefined]) {
      const failure = await failureOf(
        (await open({ brokers, topic: 'plain', tls })).write({ events: [event(1)] }, never),
      )
      expect([tls, failure.code, failure.message]).toEqual([
        tls,
        tls ? 'misconfigured' : expect.any(String),
        expect.any(String),
      ])
    }
  })

  it('that is killed in the middle fails the write, and takes it after a restart', async () => {
    await make('kept')
    const sink = await open({ topic: 'kept' })
    expect(await settled(sink, events(1, 5))).toBeUndefined()
    const write = async (from: number): Promise<number> => {
      const failure = await sink.write({ events: events(from, from + 4) }, never).then(
        () => undefined,
        (cause: SinkError) => cause,
      )
      if (failure === undefined) return await write(from + 5)
      expect(failure.code).toBe('unavailable')
      return from
    }
    const failing = write(6)
    await server.stop()
    const first = await failing
    await server.restart()
    expect(await settled(sink, events(first, first + 4))).toBeUndefined()
    await sink.close()
    const stored = new Set((await messagesIn('kept', first + 4)).map(({ value }) => value.toString()))
    for (const { line } of events(1, first + 4)) expect(stored).toContain(line)
  })
})
