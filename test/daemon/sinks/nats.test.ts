/**
 * The NATS sink against Debian's nats-server with JetStream.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { natsHeaders, natsSink } from '../../../daemon/sinks/nats.ts'
import type { Sink } from '../../../daemon/sinks/sink.ts'
import { expectGolden } from '../../support/golden.ts'
import { hasNats, startNats } from '../../support/servers/nats.ts'
import { hasProgram, type RunningServer } from '../../support/servers/server-process.ts'
import { type TestAuthority, testAuthority } from '../../support/servers/test-authority.ts'
import { event, events, failureOf, never, sinkContext } from '../../support/sink-events.ts'

it('headers hold what a reader needs, whatever the names are', async () => {
  await expectGolden('sinks/nats', [natsHeaders(event(7)), natsHeaders(event(8, { query: 'a\r\nNats-Msg-Id: b ü' }))])
})

describe.skipIf(!hasNats || !hasProgram('openssl'))('nats (skipped without nats-server and openssl)', () => {
  let directory: string
  let authority: TestAuthority
  let server: RunningServer
  let connection: NatsConnection
  let manager: JetStreamManager

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'threecx-nats-'))
    authority = testAuthority(directory)
    server = await startNats(directory)
    connection = await connect({ servers: `127.0.0.1:${server.port}` })
    manager = await jetstreamManager(connection)
  })

  afterAll(async () => {
    await connection?.close()
    await server?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  async function open(given: object = {}, secrets: Record<string, string> = {}): Promise<Sink> {
    const target = { host: '127.0.0.1', port: server.port, ...given }
    return await natsSink.open(natsSink.options.parse(target), sinkContext({ ca: authority.ca, ...secrets }))
  }

  async function linesIn(stream: string): Promise<string[]> {
    const consumer = await jetstream(connection).consumers.get(stream)
    const { state } = await manager.streams.info(stream)
    const lines: string[] = []
    while (lines.length < state.messages) {
      const message = await consumer.next()
      lines.push(message?.string() ?? '')
    }
    return lines
  }

  it('stores every line in order, by kind, and drops repeats by id', async () => {
    await manager.streams.add({ name: 'all', subjects: ['all.*'] })
    const sink = await open({ subject: 'all.{kind}', stream: 'all' })
    await sink.write({ events: events(1, 200) }, never)
    await sink.write({ events: events(150, 210) }, never)
    await sink.write({ events: [event(211, { kind: 'status', query: '', line: '{"severity":"0"}' })] }, never)
    await sink.close()
    expect(await linesIn('all')).toEqual([...events(1, 210).map(({ line }) => line), '{"severity":"0"}'])
    const { state } = await manager.streams.info('all', { subjects_filter: '>' })
    expect(state.subjects).toEqual({ 'all.result': 210, 'all.status': 1 })
  })

  it('without a stream for the subject is unavailable and says what is missing', async () => {
    const failure = await failureOf((await open({ subject: 'nobody' })).write({ events: events(1, 2) }, never))
    expect([failure.code, failure.message]).toEqual(['unavailable', expect.stringMatching(/make the stream/)])
  })

  it('with another stream for the subject needs a person', async () => {
    await manager.streams.add({ name: 'other', subjects: ['other'] })
    const failure = await failureOf(
      (await open({ subject: 'other', stream: 'mine' })).write({ events: [event(1)] }, never),
    )
    expect(failure.code).toBe('misconfigured')
  })

  it('calls a line final that the stream will never take, and stores the others', async () => {
    await manager.streams.add({ name: 'small', subjects: ['small'], max_msg_size: 1000 })
    const sink = await open({ subject: 'small' })
    const long = event(2, { line: JSON.stringify('x'.repeat(2000)) })
    const failure = await failureOf(sink.write({ events: [event(1), long, event(3)] }, never))
    expect(failure).toMatchObject({ code: 'refused', failures: [{ sequence: 2, isFinal: true }] })
    const huge = event(4, { line: JSON.stringify('x'.repeat(2 ** 20)) })
    expect(await failureOf(sink.write({ events: [huge, event(5)] }, never))).toMatchObject({
      code: 'refused',
      failures: [{ sequence: 4, isFinal: true }],
    })
    await sink.close()
    expect(await linesIn('small')).toEqual([event(1).line, event(3).line, event(5).line])
  })

  it('that is full fails the events it did not take, and only these', async () => {
    await manager.streams.add({ name: 'full', subjects: ['full'], max_msgs: 3, discard: 'new' })
    const sink = await open({ subject: 'full' })
    const failure = await failureOf(sink.write({ events: events(1, 5) }, never))
    expect(failure.code).toBe('unavailable')
    expect(failure.failures?.map(({ sequence, isFinal }) => [sequence, isFinal])).toEqual([
      [4, false],
      [5, false],
    ])
    await manager.streams.update('full', { max_msgs: 10 })
    await sink.write({ events: events(4, 5) }, never)
    await sink.close()
    expect(await linesIn('full')).toEqual(events(1, 5).map(({ line }) => line))
  })

  it('is reached over TLS with a user, by whoever trusts it, and nobody speaks to it in the clear', async () => {
    const place = mkdtempSync(join(directory, 'tls-'))
    const { certificateFile, keyFile } = authority.issue('server')
    const tls = `tls { cert_file: "${certificateFile}", key_file: "${keyFile}" }`
    const users = 'authorization { users: [{ user: hunter, password: secret }] }'
    const guarded = await startNats(place, `${tls}\n${users}`)
    try {
      const target = {
        host: 'localhost',
        port: guarded.port,
        subject: 'x',
        username: 'hunter',
        password: { env: 'pw' },
      }
      const trusting = { ...target, tls: { ca: { env: 'ca' } } }
      const good = await failureOf((await open(trusting, { pw: 'secret' })).write({ events: [event(1)] }, never))
      expect(good.message).toMatch(/make the stream/)
      const wrong = await failureOf((await open(trusting, { pw: 'guess' })).write({ events: [event(1)] }, never))
      expect([wrong.code, wrong.message]).toEqual(['misconfigured', expect.not.stringContaining('guess')])
      const distrusting = await open({ ...target, tls: {} }, { pw: 'secret' })
      expect((await failureOf(distrusting.write({ events: [event(1)] }, never))).code).toBe('misconfigured')
      const renamed = await open(
        { ...trusting, tls: { ca: { env: 'ca' }, server_name: 'elsewhere.example' } },
        { pw: 'secret' },
      )
      expect((await failureOf(renamed.write({ events: [event(1)] }, never))).code).toBe('misconfigured')
    } finally {
      await guarded.stop()
    }
    const clear = await open({ tls: { ca: { env: 'ca' } } })
    expect((await failureOf(clear.write({ events: [event(1)] }, never))).code).toBe('misconfigured')
  })

  it('that is killed and started again between batches keeps every line once', async () => {
    const place = mkdtempSync(join(directory, 'killed-'))
    const first = await startNats(place)
    const maker = await connect({ servers: `127.0.0.1:${first.port}` })
    await (await jetstreamManager(maker)).streams.add({ name: 'kept', subjects: ['kept'] })
    await maker.close()
    const sink = await open({ port: first.port, subject: 'kept' })
    await sink.write({ events: events(1, 5) }, never)
    await first.stop()
    expect((await failureOf(sink.write({ events: events(4, 9) }, never))).code).toBe('unavailable')
    const second = await startNats(place, '', first.port)
    try {
      await expect
        .poll(async () => await sink.write({ events: events(4, 9) }, never).then(() => 'written', String), {
          timeout: 20_000,
        })
        .toBe('written')
      await sink.close()
      const reader = await connect({ servers: `127.0.0.1:${first.port}` })
      expect((await (await jetstreamManager(reader)).streams.info('kept')).state.messages).toBe(9)
      await reader.close()
    } finally {
      await second.stop()
    }
  })
})
