import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ConfiguredSink } from '../../daemon/configuration/read-configuration.ts'
import { deliverDocument } from '../../daemon/configuration/schema.ts'
import { Outlets } from '../../daemon/outlets.ts'
import { defineSink, SinkError } from '../../daemon/sinks/sink.ts'
import { systemAlarm, systemClock } from '../../extension/runtime/clock.ts'
import { MemorySpool } from '../support/daemon/memory-spool.ts'

/** What happened to sinks, in order. */
let happened: string[]
let spool: MemorySpool
let outlets: Outlets

const definition = defineSink({
  type: 'told',
  description: 'Tells what happens to it.',
  references: [],
  options: z.strictObject({ to: z.string() }),
  async open({ to }, { name }) {
    if (to === 'nowhere') throw new SinkError('misconfigured', 'there is no such place')
    happened.push(`open ${name} ${to}`)
    return {
      name,
      limits: { maxEvents: 10, maxBytes: 1000, maxLineBytes: 100 },
      write: async ({ events }, signal) => {
        if (to === 'hangs')
          await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        happened.push(`write ${name} ${to} ${events.length}`)
      },
      close: async () => void happened.push(`close ${name} ${to}`),
    }
  },
})

const sink = (name: string, to: string): ConfiguredSink => ({
  name,
  definition,
  options: { to },
  deliver: deliverDocument.parse({ linger: '0ms' }),
  said: JSON.stringify(['told', { to }]),
})

const event = { kind: 'result', query: 'q', unixTime: 1, line: '{}' } as const

beforeEach(() => {
  happened = []
  spool = new MemorySpool()
  outlets = new Outlets(
    {
      spool,
      dress: (one) => one,
      log: pino({ level: 'silent' }),
      clock: systemClock,
      alarm: systemAlarm,
      random: Math.random,
    },
    (name) => ({
      name,
      host: 'h',
      version: '1',
      secret: () => '',
      warn: () => {},
    }),
  )
})
afterEach(() => outlets.close(0))

describe('sinks in force', () => {
  it('are opened, served, and closed with what was still to be delivered', async () => {
    await outlets.apply([sink('a', '1'), sink('b', '2')])
    spool.append([event, event])
    await outlets.close(1_000)
    expect(happened.slice(0, 2)).toEqual(['open a 1', 'open b 2'])
    expect(happened).toContain('write a 1 2')
    expect(happened).toContain('write b 2 2')
    expect(happened.slice(-2)).toEqual(['close a 1', 'close b 2'])
  })

  it('stay as they are where a new configuration does not change them', async () => {
    await outlets.apply([sink('a', '1'), sink('b', '2')])
    happened = []
    await outlets.apply([sink('a', '1'), sink('b', '3'), sink('c', '4')])
    expect(happened).toEqual(['close b 2', 'open b 3', 'open c 4'])
    expect(outlets.standings().map((one) => one.sink)).toEqual(['a', 'b', 'c'])
  })

  it('are those from before when one of the new ones cannot be opened', async () => {
    await outlets.apply([sink('a', '1'), sink('b', '2')])
    happened = []
    await expect(outlets.apply([sink('a', '1'), sink('b', 'nowhere')])).rejects.toThrow('no such place')
    expect(happened).toEqual(['close b 2', 'open b 2'])
    spool.append([event])
    await outlets.close(1_000)
    expect(happened).toContain('write b 2 1')
  })

  it('do not hold up the end when a receiver hangs', async () => {
    await outlets.apply([sink('a', 'hangs'), sink('b', '2')])
    spool.append([event])
    await outlets.close(30)
    expect(happened).toContain('write b 2 1')
    expect(happened).toContain('close a hangs')
    expect(spool.standings().find((one) => one.sink === 'a')?.waiting).toBe(1)
  })
})
