/**
 * The laws of the schedule, on simulated time: what runs when, what never runs at once, what is turned off, what waits.
 */
import fc from 'fast-check'
import { pino } from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../daemon/engine/engine.ts'
import { schedulePart } from '../../daemon/schedule/schedule-state.ts'
import type { ScheduledQuery } from '../../daemon/schedule/scheduled-query.ts'
import { Scheduler, type SchedulerOptions } from '../../daemon/scheduler.ts'
import { type TestStore, testStore } from '../support/daemon/memory-store.ts'
import { scheduledQuery } from './support/queries.ts'
import { SimulatedTime, settled } from './support/simulated-time.ts'
import { absence, death, HeldStage, oneRow, StagedEngine } from './support/staged-engine.ts'

const hour = 3600
const day = 86_400
const log = pino({ level: 'silent' })

let time: SimulatedTime
let engine: StagedEngine
let store: TestStore
let delivered: { readonly name: string; readonly at: number }[]

beforeEach(() => {
  time = new SimulatedTime('2026-11-28T12:00:00Z')
  engine = new StagedEngine()
  store = testStore([schedulePart])
  delivered = []
})

function schedulerOf(options: Partial<SchedulerOptions> = {}): Scheduler {
  return new Scheduler({
    engine,
    store,
    host: { name: 'host', platform: 'linux' },
    deliver: async ({ name }, _result, at) => {
      delivered.push({ name, at })
    },
    log,
    splayPercent: 0,
    clock: time,
    alarm: time,
    stopwatch: () => 0,
    ...options,
  })
}

const query = (name: string, said: Partial<ScheduledQuery> = {}) =>
  scheduledQuery({ name, sql: `SELECT '${name}'`, ...said })
const times = (name: string) => delivered.filter((one) => one.name === name).map(({ at }) => at)

describe('time', () => {
  it('brings an interval at once and then by its rhythm', async () => {
    const start = time.nowSeconds
    schedulerOf().start([query('a')])
    await time.pass(3 * hour)
    expect(times('a')).toEqual([start, start + hour, start + 2 * hour, start + 3 * hour])
  })

  it('costs nothing while nothing is due: a look a minute, and nothing is written', async () => {
    const queries = Array.from({ length: 50 }, (_, n) => query(`q${n}`, { due: { every: day } }))
    schedulerOf().start(queries)
    await time.pass(60)
    const [rings, transactions] = [time.rings, store.transactions]
    await time.pass(hour)
    expect(time.rings - rings).toBeLessThanOrEqual(61)
    expect(store.transactions).toBe(transactions)
    expect(delivered).toHaveLength(50)
  })

  it('slept over brings one run on waking, not many, for intervals and for cron', async () => {
    schedulerOf().start([query('interval'), query('daily', { due: { cron: '0 3 * * *' } })])
    await time.pass(60)
    time.jump(5 * day)
    await time.pass(120)
    expect(times('interval')).toHaveLength(2)
    expect(times('daily')).toHaveLength(1)
  })

  it('put back by a day puts nothing off by more than an interval', async () => {
    schedulerOf().start([query('interval'), query('daily', { due: { cron: '0 13 * * *' } })])
    await time.pass(2 * hour)
    delivered = []
    time.jump(-day)
    const jumped = time.nowSeconds
    await time.pass(day)
    expect(times('interval')[0]).toBeLessThanOrEqual(jumped + 60 + hour) // a jump is noticed within a minute
    expect(times('interval').length).toBeGreaterThanOrEqual(23)
    expect(times('daily')).toHaveLength(1)
  })

  it('that passed while the process was down counts: a run that was missed is made up for', async () => {
    const first = schedulerOf()
    first.start([query('daily', { due: { cron: '0 3 * * *' } })])
    await time.pass(hour)
    await first.stop(0)
    time.jump(day)
    schedulerOf().start([query('daily', { due: { cron: '0 3 * * *' } })])
    await time.pass(60)
    expect(times('daily')).toHaveLength(1)
  })

  it('keeps splay and due times through a restart', async () => {
    const first = schedulerOf({ splayPercent: 10, random: () => 0 })
    const start = time.nowSeconds
    first.start([query('a')])
    await time.pass(60)
    await first.stop(0)
    schedulerOf({ splayPercent: 10, random: () => 0.9 }).start([query('a')])
    await time.pass(hour)
    expect(times('a')).toEqual([start, start + 3240])
  })

  it('in any zone and whatever the clock does, makes every cron run that an UTC oracle names, and no two at once', async () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'America/Sao_Paulo', 'Australia/Sydney', 'Australia/Lord_Howe']
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ pass: fc.integer({ min: 60, max: 6 * hour }) }) },
      { weight: 1, arbitrary: fc.record({ sleep: fc.integer({ min: 60, max: 3 * day }) }) },
    )
    const zone = process.env['TZ']
    const property = fc.asyncProperty(
      fc.constantFrom(...zones),
      fc.constantFrom('2026-03-28T00:00:00Z', '2026-10-24T12:00:00Z', '2026-04-04T00:00:00Z', '2026-03-07T12:00:00Z'),
      fc.array(step, { maxLength: 8 }),
      async (zone, start, steps) => {
        process.env['TZ'] = zone
        time = new SimulatedTime(start)
        engine = new StagedEngine()
        store = testStore([schedulePart])
        delivered = []
        const scheduler = schedulerOf()
        scheduler.start([query('half', { due: { cron: '*/30 * * * *' } })])
        // The oracle: half hours of UTC, counted; of those that lie in one sleep one run, within a minute of waking.
        const expected: number[] = []
        for (const one of steps) {
          const before = time.nowSeconds
          if ('pass' in one) await time.pass(one.pass)
          else {
            time.jump(one.sleep)
            if (Math.floor(time.nowSeconds / 1800) > Math.floor(before / 1800)) expected.push(time.nowSeconds)
            await time.pass(61)
          }
          const from = 'pass' in one ? before : before + one.sleep
          for (let at = (Math.floor(from / 1800) + 1) * 1800; at <= time.nowSeconds; at += 1800) expected.push(at)
        }
        const made = times('half')
        expect(made.length).toBeLessThanOrEqual(expected.length)
        for (const [at, wanted] of expected.entries()) {
          const near = made.some((one) => one >= wanted && one <= wanted + 61)
          expect(near, `run ${at} of ${made.length}`).toBe(true)
        }
        expect(engine.doubled).toEqual([])
        await scheduler.stop(0)
      },
    )
    try {
      await fc.assert(property, { numRuns: 40 })
    } finally {
      if (zone === undefined) delete process.env['TZ']
      else process.env['TZ'] = zone
    }
  })
})

describe('turns', () => {
  it('go by startup priority first, then by who waited longest', async () => {
    const stopped = schedulerOf()
    stopped.start([query('c', { startupPriority: 2 }), query('b', { startupPriority: 1 }), query('a')])
    await time.pass(1)
    expect(delivered.map(({ name }) => name)).toEqual(['b', 'c', 'a'])
    await stopped.stop(0)
    delivered = []
    schedulerOf().start([query('c', { startupPriority: 2 }), query('b', { startupPriority: 1 }), query('a')])
    await time.pass(1)
    expect(delivered.map(({ name }) => name)).toEqual(['b', 'c'])
  })

  it('are as many at once as allowed, and never one query twice', async () => {
    const slow = new HeldStage()
    engine.stages.set("SELECT 'slow'", slow.stage)
    schedulerOf({ concurrency: 2 }).start([query('slow', { timeoutMs: 10 * day * 1000 }), query('a'), query('b')])
    await time.pass(3 * hour)
    expect(engine.asked.filter((sql) => sql.includes('slow'))).toHaveLength(1)
    expect(times('a')).toHaveLength(4)
    expect([engine.most, engine.doubled]).toEqual([2, []])
    slow.answer()
    await time.pass(60)
    expect(engine.asked.filter((sql) => sql.includes('slow'))).toHaveLength(2)
  })

  it('leave the processor to others for the share that was promised', async () => {
    let cpuMs = 0
    for (const name of ['a', 'b']) {
      engine.stages.set(`SELECT '${name}'`, async () => {
        cpuMs += 10_000
        return oneRow
      })
    }
    const start = time.nowSeconds
    engine.cpuMs = () => cpuMs
    schedulerOf({ cpuShare: 0.25 }).start([query('a'), query('b')])
    await time.pass(60)
    expect([times('a'), times('b')]).toEqual([[start], [start + 30]])
  })
})

describe('a query that', () => {
  it('kills osquery is off for a day, visibly, and the others go on', async () => {
    engine.stages.set("SELECT 'deadly'", async () => {
      throw death()
    })
    const scheduler = schedulerOf()
    scheduler.start([query('deadly'), query('good')])
    await time.pass(day - 60)
    expect(engine.asked.filter((sql) => sql.includes('deadly'))).toHaveLength(1)
    expect(times('good')).toHaveLength(24)
    expect(scheduler.standings().find(({ name }) => name === 'deadly')).toMatchObject({
      state: 'denylisted',
      reason: 'osquery went away in the middle of it',
      record: { runs: 1, failures: 1, lastError: 'osquery went away in the middle of it' },
    })
    expect(scheduler.denylist()).toMatchObject([{ name: 'deadly', reason: 'osquery went away in the middle of it' }])
    await time.pass(2 * hour)
    expect(engine.asked.filter((sql) => sql.includes('deadly'))).toHaveLength(2)
  })

  it('stalls is off too, and on again by hand', async () => {
    engine.stages.set("SELECT 'hanging'", new HeldStage().stage)
    const scheduler = schedulerOf()
    scheduler.start([query('hanging'), query('good')])
    await time.pass(2 * hour)
    expect(scheduler.standings()).toMatchObject([{ name: 'good', state: 'waiting' }, { state: 'denylisted' }])
    engine.stages.clear()
    expect(scheduler.allow('hanging')).toBe(true)
    await time.pass(60)
    expect(times('hanging')).toHaveLength(1)
    expect(scheduler.denylist()).toEqual([])
  })

  it('kills but may not be denylisted keeps its rhythm', async () => {
    engine.stages.set("SELECT 'deadly'", async () => {
      throw death()
    })
    schedulerOf().start([query('deadly', { denylist: false })])
    await time.pass(3 * hour - 60)
    expect(engine.asked).toHaveLength(3)
  })

  it('ran beside the one that killed is tried alone, and cleared', async () => {
    const [guilty, innocent] = [new HeldStage(), new HeldStage()]
    engine.stages.set("SELECT 'guilty'", guilty.stage)
    engine.stages.set("SELECT 'innocent'", innocent.stage)
    const scheduler = schedulerOf({ concurrency: 2 })
    scheduler.start([query('guilty'), query('innocent')])
    await settled()
    guilty.fail(death())
    innocent.fail(death())
    await time.pass(5)
    expect(scheduler.denylist()).toEqual([])
    await time.pass(10)
    expect(engine.asked).toHaveLength(3) // one of the two, with nothing beside it
    guilty.fail(death())
    await time.pass(1)
    innocent.answer()
    await time.pass(1)
    expect(scheduler.denylist()).toMatchObject([{ name: 'guilty' }])
    expect(times('innocent')).toHaveLength(1)
  })

  it('fails keeps its rhythm and says why', async () => {
    engine.stages.set("SELECT 'wrong'", async () => {
      throw new EngineError('sql', 'no such table: x')
    })
    const scheduler = schedulerOf()
    scheduler.start([query('wrong')])
    await time.pass(2 * hour)
    expect(scheduler.standings()).toMatchObject([
      { state: 'waiting', record: { runs: 3, failures: 3, lastError: 'no such table: x' } },
    ])
  })
})

describe('while', () => {
  it('osquery is not there, queries are asked again soon, and not marked', async () => {
    engine.outage = absence()
    const scheduler = schedulerOf()
    scheduler.start([query('a', { due: { every: day } })])
    await time.pass(15 * 60)
    expect(engine.asked.length).toBeGreaterThanOrEqual(5)
    expect(engine.asked.length).toBeLessThan(12)
    engine.outage = undefined
    await time.pass(301)
    expect(times('a')).toHaveLength(1)
    expect(scheduler.denylist()).toEqual([])
    await time.pass(day)
    expect(times('a')).toHaveLength(2)
  })

  it('nobody takes the rows, the query is asked again soon', async () => {
    let isFull = true
    const scheduler = schedulerOf({
      deliver: async ({ name }, _result, at) => {
        if (isFull) throw new Error('the spool is full')
        delivered.push({ name, at })
      },
    })
    scheduler.start([query('a', { due: { every: day } })])
    await time.pass(60)
    expect(scheduler.standings()).toMatchObject([
      { record: { lastError: 'results were not taken: the spool is full' } },
    ])
    isFull = false
    await time.pass(300)
    expect(times('a')).toHaveLength(1)
  })

  it('the disk takes nothing, nothing runs unmarked, and it goes on when there is room', async () => {
    store.failure = new Error('disk full')
    schedulerOf().start([query('a', { due: { every: day } })])
    await time.pass(60)
    expect(engine.asked).toEqual([])
    store.failure = undefined
    await time.pass(300)
    expect(times('a')).toHaveLength(1)
  })
})

describe('a query in force', () => {
  it('is for this platform, shard and version, and its discovery gives rows; others say why not', async () => {
    engine.stages.set('SELECT nothing', async () => ({ columns: [], rows: [] }))
    engine.stages.set('SELECT wrong', async () => {
      throw new EngineError('sql', 'no such table')
    })
    const scheduler = schedulerOf()
    scheduler.start([
      query('here', { platforms: ['linux'], version: '5.10.0', shard: 100, discovery: ['SELECT found'] }),
      query('windows', { platforms: ['windows'] }),
      query('other_shard', { shard: 1 }),
      query('future', { version: '9.0.0' }),
      query('undiscovered', { discovery: ['SELECT found', 'SELECT nothing'] }),
      query('misdiscovered', { discovery: ['SELECT wrong'] }),
    ])
    await time.pass(60)
    expect(delivered.map(({ name }) => name)).toEqual(['here'])
    expect(scheduler.standings().map(({ name, state, reason }) => [name, state, reason])).toEqual([
      ['future', 'not_in_force', 'for version 9.0.0 or later; the engine is 5.23.0'],
      ['here', 'waiting', undefined],
      ['misdiscovered', 'not_in_force', 'discovery failed: no such table'],
      ['other_shard', 'not_in_force', expect.stringMatching(/^for shards up to 1; this host is in shard \d+$/)],
      ['undiscovered', 'not_in_force', 'discovery gave no row: SELECT nothing'],
      ['windows', 'not_in_force', 'for windows; this is linux'],
    ])
  })

  it('is discovered once an hour for all queries of a pack, and found when the table has come', async () => {
    let rows = 0
    engine.stages.set('SELECT found', async () => ({ ...oneRow, rows: oneRow.rows.slice(0, rows) }))
    const pack = { discovery: ['SELECT found'], due: { every: 600 } }
    schedulerOf().start([query('a', pack), query('b', pack)])
    await time.pass(hour - 60)
    const asked = () => engine.asked.filter((sql) => sql.includes('found')).length
    expect([asked(), delivered.length]).toEqual([1, 0])
    rows = 1
    await time.pass(hour)
    expect(asked()).toBe(2)
    expect(times('b').length).toBeGreaterThan(3)
  })
})

describe('a reload', () => {
  it('keeps due times of what did not change, starts what is new, drops what is gone', async () => {
    const start = time.nowSeconds
    const scheduler = schedulerOf()
    scheduler.start([query('kept'), query('gone'), query('changed')])
    await time.pass(600)
    scheduler.reload([query('kept'), query('changed', { sql: 'SELECT 2' }), query('new')])
    await time.pass(hour)
    expect(times('kept')).toEqual([start, start + hour])
    expect(times('gone')).toEqual([start])
    expect(times('changed')).toEqual([start, start + 600, start + 600 + hour])
    expect(times('new')).toEqual([start + 600, start + 600 + hour])
  })

  it('during a run drops the rows of what is gone, and keeps those of what stays', async () => {
    const [gone, kept] = [new HeldStage(), new HeldStage()]
    engine.stages.set("SELECT 'gone'", gone.stage)
    engine.stages.set("SELECT 'kept'", kept.stage)
    const scheduler = schedulerOf({ concurrency: 2 })
    scheduler.start([query('gone'), query('kept')])
    await settled()
    scheduler.reload([query('kept')])
    gone.answer()
    kept.answer()
    await time.pass(60)
    expect(delivered.map(({ name }) => name)).toEqual(['kept'])
    expect(engine.doubled).toEqual([])
  })
})

describe('the end', () => {
  it('stops what runs, which is due again at the next start and under no suspicion', async () => {
    engine.stages.set("SELECT 'slow'", new HeldStage().stage)
    const scheduler = schedulerOf()
    scheduler.start([query('slow', { due: { every: day } })])
    await settled()
    await scheduler.stop(1000)
    engine.stages.clear()
    const next = schedulerOf()
    next.start([query('slow', { due: { every: day } })])
    await time.pass(60)
    expect(times('slow')).toHaveLength(1)
    expect(next.denylist()).toEqual([])
  })

  it('does not wait for an engine that does not stop', async () => {
    engine.stages.set("SELECT 'deaf'", () => new Promise(() => {}))
    const scheduler = schedulerOf()
    scheduler.start([query('deaf')])
    await settled()
    const stopping = scheduler.stop(5000)
    await time.pass(5)
    await stopping
  })
})
