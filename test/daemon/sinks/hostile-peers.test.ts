/**
 * Every sink over a network against every kind of receiver that misbehaves: one clear failure, soon, and nothing left open.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaSink } from '../../../daemon/sinks/kafka.ts'
import { natsSink } from '../../../daemon/sinks/nats.ts'
import { redisSink } from '../../../daemon/sinks/redis.ts'
import type { Sink, SinkDefinition } from '../../../daemon/sinks/sink.ts'
import { syslogSink } from '../../../daemon/sinks/syslog.ts'
import {
  allHostileBehaviours,
  type HostileBehaviour,
  type HostilePeer,
  hostilePeer,
} from '../../support/hostile-peer.ts'
import { events, failureOf, never, sinkContext } from '../../support/sink-events.ts'

/** Short enough to be waited for, long enough for a busy machine to connect. */
const timeout_ms = 400
const host = '127.0.0.1'
const tls = {}
const sasl = { mechanism: 'scram-sha-256', username: 'u', password: { env: 'p' } }

/** Opens a sink with options that were not looked at yet. */
function opener<Options>(definition: SinkDefinition<Options>): (options: unknown) => Promise<Sink> {
  return async (options) => await definition.open(definition.options.parse(options), sinkContext({ p: 'secret' }))
}

const [syslog, kafka, nats, redis] = [opener(syslogSink), opener(kafkaSink), opener(natsSink), opener(redisSink)]

/** Sinks by name, at a port or a path. */
const sinks: Readonly<Record<string, (port: number, path: string, timeout?: number) => Promise<Sink>>> = {
  'syslog tcp': (port, _, ms = timeout_ms) => syslog({ transport: 'tcp', host, port, timeout_ms: ms }),
  'syslog tls': (port, _, ms = timeout_ms) => syslog({ transport: 'tls', host, port, timeout_ms: ms }),
  'syslog unix': (_, path, ms = timeout_ms) => syslog({ transport: 'unix', path, timeout_ms: ms }),
  kafka: (port, _, ms = timeout_ms) => kafka({ brokers: [{ host, port }], topic: 'x', timeout_ms: ms }),
  'kafka tls': (port, _, ms = timeout_ms) => kafka({ brokers: [{ host, port }], topic: 'x', tls, timeout_ms: ms }),
  'kafka login': (port, _, ms = timeout_ms) => kafka({ brokers: [{ host, port }], topic: 'x', sasl, timeout_ms: ms }),
  nats: (port, _, ms = timeout_ms) => nats({ host, port, timeout_ms: ms }),
  'nats tls': (port, _, ms = timeout_ms) => nats({ host, port, tls, timeout_ms: ms }),
  redis: (port, _, ms = timeout_ms) => redis({ host, port, timeout_ms: ms }),
  'redis tls': (port, _, ms = timeout_ms) => redis({ host, port, tls, timeout_ms: ms }),
}

let directory: string
const unhandled: unknown[] = []
const remember = (cause: unknown) => unhandled.push(cause)

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-hostile-'))
  process.on('uncaughtException', remember)
  process.on('unhandledRejection', remember)
})

afterAll(() => {
  process.off('uncaughtException', remember)
  process.off('unhandledRejection', remember)
  rmSync(directory, { recursive: true, force: true })
})

async function started(
  name: string,
  behaviour: HostileBehaviour,
  timeout?: number,
): Promise<{ sink: Sink; peer: HostilePeer }> {
  const path = join(mkdtempSync(join(directory, 'peer-')), 'socket')
  const peer = await hostilePeer(behaviour, name.endsWith('unix') ? path : undefined)
  const sink = await sinks[name]?.(peer.port, path, timeout)
  if (!sink) throw new Error(`there is no sink ${name}`)
  return { sink, peer }
}

describe.each(Object.keys(sinks))('%s', (name) => {
  it.each(allHostileBehaviours)('fails once and clearly when the receiver %s', async (behaviour) => {
    const { sink, peer } = await started(name, behaviour)
    try {
      const failure = await failureOf(sink.write({ events: events(1, 20) }, never))
      expect(['unavailable', 'misconfigured']).toContain(failure.code)
      expect(failure.message).toMatch(/^[^\n]{20,900}$/)
      expect(failure.message).not.toContain('secret')
      // The same again: nothing of the first attempt is in the way. A busy machine may run into the time limit first.
      const again = await failureOf(sink.write({ events: events(1, 20) }, never))
      expect(['unavailable', 'misconfigured']).toContain(again.code)
      await sink.close()
      // Who never reads never sees an end.
      if (!behaviour.includes('never reads')) await expect.poll(() => peer.connections(), { timeout: 15_000 }).toBe(0)
      expect(unhandled).toEqual([])
    } finally {
      await peer.close()
    }
  })

  it('stops at once when the write is aborted, and closes', async () => {
    const { sink, peer } = await started(name, 'accepts and never answers', 600_000)
    try {
      const abort = new AbortController()
      const write = failureOf(sink.write({ events: events(1, 20) }, abort.signal))
      await expect.poll(() => peer.accepted(), { timeout: 15_000 }).toBeGreaterThan(0)
      abort.abort()
      expect(await write).toMatchObject({ code: 'unavailable', message: expect.stringContaining('stopped') })
      await sink.close()
      expect((await failureOf(sink.write({ events: events(1, 1) }, AbortSignal.abort()))).code).toBe('unavailable')
      await sink.close()
      expect(unhandled).toEqual([])
    } finally {
      await peer.close()
    }
  })
})
