/**
 * The Redis sink against Debian's redis-server: what lies in the stream, and what each refusal means.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisEntry, redisSink } from '../../../daemon/sinks/redis.ts'
import type { Sink } from '../../../daemon/sinks/sink.ts'
import { expectGolden } from '../../support/golden.ts'
import { hasRedis, type Redis, startRedis } from '../../support/servers/redis.ts'
import { freePort, hasProgram } from '../../support/servers/server-process.ts'
import { type TestAuthority, testAuthority } from '../../support/servers/test-authority.ts'
import { event, events, failureOf, never, sinkContext } from '../../support/sink-events.ts'

it('an entry is one XADD with everything a reader needs', async () => {
  await expectGolden('sinks/redis', redisEntry(event(7), { stream: 'findings', max_length: 1000 }))
})

describe.skipIf(!hasRedis || !hasProgram('openssl'))('redis (skipped without redis-server and openssl)', () => {
  let directory: string
  let authority: TestAuthority
  let server: Redis
  let run: (...command: string[]) => Promise<unknown>
  let end: () => void

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'threecx-redis-'))
    authority = testAuthority(directory)
    const certificate = authority.issue('server')
    server = await startRedis(directory, { tls: { authority, server: certificate } })
    const client = createClient({ socket: { host: '127.0.0.1', port: server.port } })
    client.on('error', () => undefined)
    await client.connect()
    run = async (...command) => await client.sendCommand(command)
    end = () => client.destroy()
  })

  afterAll(async () => {
    end?.()
    await server?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  async function open(given: object = {}, secrets: Record<string, string> = {}): Promise<Sink> {
    const target = { host: '127.0.0.1', port: server.port, ...given }
    return await redisSink.open(redisSink.options.parse(target), sinkContext({ ca: authority.ca, ...secrets }))
  }

  async function linesIn(stream: string): Promise<string[]> {
    const entries = (await run('XRANGE', stream, '-', '+')) as [string, string[]][]
    return entries.map(([, fields]) => fields[fields.indexOf('line') + 1] ?? '')
  }

  it('holds every line in order, with its id', async () => {
    const sink = await open({ stream: 'plain' })
    await sink.write({ events: events(1, 300) }, never)
    await sink.write({ events: events(301, 310) }, never)
    await sink.close()
    expect(await linesIn('plain')).toEqual(events(1, 310).map(({ line }) => line))
    const [[, fields]] = (await run('XRANGE', 'plain', '-', '+', 'COUNT', '1')) as [[string, string[]]]
    expect(fields).toEqual(redisEntry(event(1), { stream: 'plain', max_length: undefined }).slice(2))
  })

  it('is reached over TLS, by whoever trusts its authority and under its name only', async () => {
    const tls = { host: 'localhost', port: server.tlsPort, stream: 'tls', tls: { ca: { env: 'ca' } } }
    const sink = await open(tls)
    await sink.write({ events: [event(1)] }, never)
    await sink.close()
    expect(await linesIn('tls')).toEqual([event(1).line])
    const distrusting = await open({ ...tls, tls: {} })
    expect((await failureOf(distrusting.write({ events: [event(2)] }, never))).code).toBe('misconfigured')
    const renamed = await open({ ...tls, tls: { ca: { env: 'ca' }, server_name: 'elsewhere.example' } })
    expect((await failureOf(renamed.write({ events: [event(2)] }, never))).code).toBe('misconfigured')
  })

  it('is reached with user and password, and with no others', async () => {
    await run('ACL', 'SETUSER', 'hunter', 'on', '>secret', '~guarded', '+xadd')
    const user = { username: 'hunter', password: { env: 'password' }, stream: 'guarded' }
    const sink = await open(user, { password: 'secret' })
    await sink.write({ events: [event(1)] }, never)
    await sink.close()
    expect(await linesIn('guarded')).toEqual([event(1).line])
    const wrong = await failureOf((await open(user, { password: 'guess' })).write({ events: [event(2)] }, never))
    expect([wrong.code, wrong.message]).toEqual(['misconfigured', expect.stringContaining('WRONGPASS')])
    const barred = await open({ ...user, stream: 'barred' }, { password: 'secret' })
    const refused = await failureOf(barred.write({ events: [event(2)] }, never))
    expect([refused.code, refused.message]).toEqual(['misconfigured', expect.stringContaining('NOPERM')])
    const absent = await failureOf((await open(user)).write({ events: [event(2)] }, never))
    expect(absent.code).toBe('misconfigured')
    expect(JSON.stringify([wrong.message, refused.message, absent.message])).not.toMatch(/guess|'secret'/)
  })

  it('keeps about as many entries as it is told', async () => {
    const sink = await open({ stream: 'short', max_length: 100 })
    await sink.write({ events: events(1, 1000) }, never)
    await sink.close()
    expect(await run('XLEN', 'short')).toBeLessThan(300)
  })

  it('whose key holds something else needs a person', async () => {
    await run('SET', 'taken', 'x')
    const failure = await failureOf((await open({ stream: 'taken' })).write({ events: events(1, 3) }, never))
    expect([failure.code, failure.failures?.length]).toEqual(['misconfigured', 3])
    expect(failure.message).toMatch(/WRONGTYPE.*3 of 3 events/)
  })

  it('that is out of memory, or a replica, is unavailable, and takes the batch later', async () => {
    const sink = await open({ stream: 'later' })
    await run('CONFIG', 'SET', 'maxmemory', '1')
    const full = await failureOf(sink.write({ events: events(1, 2) }, never))
    await run('CONFIG', 'SET', 'maxmemory', '0')
    expect([full.code, full.message]).toEqual(['unavailable', expect.stringContaining('OOM')])
    await run('REPLICAOF', '127.0.0.1', String(await freePort()))
    const replica = await failureOf(sink.write({ events: events(1, 2) }, never))
    await run('REPLICAOF', 'NO', 'ONE')
    expect([replica.code, replica.message]).toEqual(['unavailable', expect.stringContaining('READONLY')])
    await sink.write({ events: events(1, 2) }, never)
    await sink.close()
    expect(await linesIn('later')).toEqual(events(1, 2).map(({ line }) => line))
  })

  it('that is killed and started again between batches gets every one of them', async () => {
    const place = mkdtempSync(join(directory, 'killed-'))
    const arguments_ = ['--appendfsync', 'always']
    const first = await startRedis(place, { arguments: arguments_ })
    const sink = await open({ port: first.port, stream: 'kept' })
    await sink.write({ events: events(1, 5) }, never)
    await first.stop()
    expect((await failureOf(sink.write({ events: events(6, 9) }, never))).code).toBe('unavailable')
    const second = await startRedis(place, { port: first.port, arguments: arguments_ })
    try {
      await sink.write({ events: events(6, 9) }, never)
      await sink.close()
      const client = createClient({ socket: { host: '127.0.0.1', port: first.port } })
      await client.connect()
      expect(await client.xLen('kept')).toBe(9)
      client.destroy()
    } finally {
      await second.stop()
    }
  })
})
