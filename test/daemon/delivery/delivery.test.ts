import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { Delivery, type DeliveryOptions } from '../../../daemon/delivery/delivery.ts'
import { type Batch, type Sink, SinkError } from '../../../daemon/sinks/sink.ts'
import type { ResultEvent } from '../../../extension/domain/result-event.ts'
import { MemorySpool } from '../../support/daemon/memory-spool.ts'

const options: DeliveryOptions = {
  maxEvents: 4,
  maxBytes: 1000,
  lingerMs: 0,
  timeoutMs: 10_000,
  minMs: 100,
  maxMs: 10_000,
  openAfter: 3,
}

const event = (number: number, line = `{"number":${number}}`): ResultEvent => ({
  kind: 'result',
  query: 'q',
  unixTime: number,
  line,
})

interface Served {
  readonly spool: MemorySpool
  readonly delivery: Delivery
  readonly batches: number[][]
  readonly waits: number[]
  readonly told: Record<string, unknown>[]
  drain(): Promise<void>
}

/** A loop over a sink that does what `write` says; waits end at once and are written down. */
function serve(write: (batch: Batch, attempt: number) => unknown, changed: Partial<DeliveryOptions> = {}): Served {
  const spool = new MemorySpool()
  spool.setSinks(['far'])
  const batches: number[][] = []
  const waits: number[] = []
  const told: Record<string, unknown>[] = []
  const sink: Sink = {
    name: 'far',
    limits: { maxEvents: 100, maxBytes: 100_000, maxLineBytes: 60 },
    write: async (batch) => {
      batches.push(batch.events.map(({ sequence }) => sequence))
      await write(batch, batches.length)
    },
    close: async () => {},
  }
  const stop = new AbortController()
  const delivery = new Delivery(
    sink,
    { ...options, ...changed },
    {
      spool,
      dress: (one) => one,
      log: pino({ level: 'info' }, { write: (line) => void told.push(JSON.parse(line)) }),
      clock: { nowMs: () => 1_000 },
      alarm: {
        after: (ms, ring) => {
          waits.push(ms)
          queueMicrotask(ring)
          return () => {}
        },
      },
      random: () => 0.5,
    },
  )
  const drain = async () => {
    const running = delivery.run(stop.signal, new AbortController().signal)
    while ((spool.standings()[0]?.waiting ?? 0) > 0) await new Promise(setImmediate)
    stop.abort()
    await running
  }
  return { spool, delivery, batches, waits, told, drain }
}

describe('delivery', () => {
  it('hands events over in their order, in batches within the bounds', async () => {
    const { spool, batches, drain } = serve(() => {})
    spool.append([1, 2, 3, 4, 5, 6].map((number) => event(number)))
    await drain()
    expect(batches).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ])
    expect(spool.deliveredTo('far')).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('tries again after growing waits, and with one event once the circuit is open', async () => {
    const { spool, batches, waits, drain } = serve((_batch, attempt) => {
      if (attempt <= 4) throw new Error('connection refused')
    })
    spool.append([1, 2, 3].map((number) => event(number)))
    await drain()
    expect(batches).toEqual([[1, 2, 3], [1, 2, 3], [1, 2, 3], [1], [1], [2, 3]])
    expect(waits).toEqual([75, 150, 300, 600])
    expect(spool.deliveredTo('far')).toEqual([1, 2, 3])
  })

  it('sends again only what a receiver did not take, before newer events', async () => {
    const { spool, batches, drain } = serve((_batch, attempt) => {
      if (attempt > 1) return
      throw new SinkError('unavailable', 'busy', {
        failures: [
          { sequence: 2, reason: 'busy', isFinal: false },
          { sequence: 3, reason: 'wrong type', isFinal: true },
        ],
      })
    })
    spool.append([1, 2, 3, 4, 5].map((number) => event(number)))
    await drain()
    expect(batches).toEqual([
      [1, 2, 3, 4],
      [2, 5],
    ])
    expect(spool.deliveredTo('far')).toEqual([1, 4, 2, 5])
    expect(spool.deadLetters('far').map(({ reason, event: { sequence } }) => [sequence, reason])).toEqual([
      [3, 'wrong type'],
    ])
  })

  it('takes a refused batch apart until the refused event is alone', async () => {
    const { spool, batches, drain } = serve((batch) => {
      if (batch.events.some(({ sequence }) => sequence === 3)) throw new SinkError('refused', '400 bad event')
    })
    spool.append([1, 2, 3, 4, 5, 6].map((number) => event(number)))
    await drain()
    expect(spool.deliveredTo('far')).toEqual([1, 2, 4, 5, 6])
    expect(spool.deadLetters('far').map(({ reason, event: { sequence } }) => [sequence, reason])).toEqual([
      [3, '400 bad event'],
    ])
    expect(batches.filter((batch) => batch.includes(3))).toEqual([[1, 2, 3, 4], [3, 4, 5, 6], [3, 4], [3]])
  })

  it('gives a receiver that refuses everything one event per longest wait, and goes on at once when it takes one', async () => {
    const { spool, told, waits, drain } = serve((batch, _attempt) => {
      if (batch.events.some(({ sequence }) => sequence <= 20)) throw new SinkError('refused', '400 wrong index')
    })
    spool.append(Array.from({ length: 40 }, (_, number) => event(number)))
    await drain()
    expect(spool.deadLetters('far')).toHaveLength(20)
    expect(spool.deliveredTo('far')).toHaveLength(20)
    expect(waits).toEqual(Array.from({ length: 5 }, () => 7_500))
    expect(told.some(({ reason }) => String(reason).includes('16 refused in a row, none taken'))).toBe(true)
  })

  it('does not wait when a receiver names the event that it refuses and takes none of the batch', async () => {
    const { spool, batches, waits, drain } = serve((batch) => {
      const bad = batch.events.find(({ sequence }) => sequence % 2 === 0)
      if (!bad) return
      const failures = batch.events.map(({ sequence }) => ({
        sequence,
        reason: 'invalid-event-number',
        isFinal: sequence === bad.sequence,
      }))
      throw new SinkError('refused', '400 invalid event', { failures })
    })
    spool.append([1, 2, 3, 4].map((number) => event(number)))
    await drain()
    expect(batches).toEqual([
      [1, 2, 3, 4],
      [1, 3, 4],
      [1, 3],
    ])
    expect(waits).toEqual([])
    expect(spool.deliveredTo('far')).toEqual([1, 3])
  })

  it('makes a dead letter of a line that the sink cannot take, and delivers its neighbours', async () => {
    const { spool, drain } = serve(() => {})
    spool.append([event(1), event(2, JSON.stringify('x'.repeat(100))), event(3, JSON.stringify('ä'.repeat(25)))])
    await drain()
    expect(spool.deliveredTo('far')).toEqual([1, 3])
    expect(spool.deadLetters('far').map(({ reason }) => reason)).toEqual(['the line has 102 bytes; the sink takes 60'])
  })

  it('waits as long as the receiver asked for, within its own bound', async () => {
    const { spool, waits, drain } = serve((_batch, attempt) => {
      if (attempt === 1) throw new SinkError('unavailable', '429', { retryAfterMs: 4_000 })
      if (attempt === 2) throw new SinkError('unavailable', '429', { retryAfterMs: 86_400_000 })
    })
    spool.append([event(1)])
    await drain()
    expect(waits).toEqual([4_000, 10_000])
  })

  it('gives up on a write that never ends, even if the sink does not hear the signal', async () => {
    const { spool, delivery, drain } = serve((_batch, attempt) => (attempt === 1 ? new Promise(() => {}) : undefined), {
      timeoutMs: 5,
    })
    spool.append([event(1)])
    await drain()
    expect(spool.deliveredTo('far')).toEqual([1])
    expect(delivery.standing()).toMatchObject({ attempts: 2, failures: 1, circuit: 'closed', lastSuccessMs: 1_000 })
  })

  it('tells the first failure of a row and those that double it, not every one', async () => {
    const { spool, told, drain } = serve((_batch, attempt) => {
      if (attempt <= 20) throw new SinkError('misconfigured', 'certificate has expired')
    })
    spool.append([event(1)])
    await drain()
    const warnings = told.filter(({ msg }) => msg === 'a sink did not take events; they are kept')
    expect(warnings.map(({ failures }) => failures)).toEqual([1, 2, 4, 8, 16])
  })

  it('ends when it is told to stop and the receiver is gone, with the events still in the spool', async () => {
    const { spool, delivery } = serve(() => {
      throw new Error('gone')
    })
    spool.append([event(1)])
    const stop = new AbortController()
    stop.abort()
    await delivery.run(stop.signal, new AbortController().signal)
    expect(spool.standings()[0]?.waiting).toBe(1)
  })
})
