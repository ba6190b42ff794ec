/**
 * The schedule through restarts, crashes, damage and a disk that takes nothing.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { ScheduleState, schedulePart } from '../../../daemon/schedule/schedule-state.ts'
import { type TestStore, testStore } from '../../support/daemon/memory-store.ts'
import { scheduledQuery } from '../support/queries.ts'

const query = scheduledQuery()
const names = new Set([query.name])
const day = 86_400

let store: TestStore
beforeEach(() => {
  store = testStore([schedulePart])
})

/** A state as after a start of the process at `now`. */
function started(now: number, random = () => 0.5, said = query) {
  const state = new ScheduleState(store)
  const plan = state.plan(said, now, { percent: 10, random }, day)
  state.keep(names, now)
  return { state, plan }
}

describe('a plan', () => {
  it('is made once: splay and due time outlive the process', () => {
    const { plan, state } = started(1000, () => 0)
    expect(plan).toMatchObject({ every: 3240, due: 1000 })
    state.begin(query.name, 4240, 1000)
    state.end(query, { due: 4240, verdict: 'good', denySeconds: day }, 1001)
    expect(started(2000, () => 0.9).plan).toMatchObject({ every: 3240, due: 4240, planned: 1001 })
  })

  it('is made anew when the rhythm is another, and at once when the statement is', () => {
    const { state } = started(1000, () => 0)
    state.begin(query.name, 4240, 1000)
    state.end(query, { due: 4240, verdict: 'good', denySeconds: day }, 1001)
    expect(started(2000, () => 0, scheduledQuery({ due: { every: 60 } })).plan).toMatchObject({ every: 54, due: 2054 })
    expect(started(2000, () => 0, scheduledQuery({ due: { every: 60 }, sql: 'SELECT 2' })).plan).toMatchObject({
      due: 2000,
    })
  })
})

describe('a process that died', () => {
  it('in the middle of a query runs it again at once, by itself, and the second time turns it off', () => {
    started(1000).state.begin(query.name, 4600, 1000)
    const again = started(1100)
    expect(again.plan.due).toBe(1100)
    expect(again.state.isSuspect(query.name)).toBe(true)
    again.state.begin(query.name, 4700, 1100)
    const third = started(1200)
    expect(third.state.denied(query, 1200)).toEqual({
      name: query.name,
      since: 1200,
      until: 1200 + day,
      reason: 'this process ended 2 times while the query ran',
    })
    expect(third.plan.due).toBe(4700)
    expect(new ScheduleState(store).denylist(1300)).toHaveLength(1)
  })

  it('twice, but with a good run between, is forgiven', () => {
    started(1000).state.begin(query.name, 4600, 1000)
    const { state } = started(1100)
    state.begin(query.name, 4700, 1100)
    state.end(query, { due: 4700, verdict: 'good', denySeconds: day }, 1101)
    expect(state.isSuspect(query.name)).toBe(false)
    state.begin(query.name, 4700, 1200)
    expect(started(1300).state.denied(query, 1300)).toBeUndefined()
  })

  it('leaves a query on that may not be denylisted, but not due at once for ever', () => {
    const stubborn = scheduledQuery({ denylist: false })
    for (const now of [1000, 1100, 1200]) started(now, () => 0.5, stubborn).state.begin(query.name, now + 3600, now)
    const { state, plan } = started(1300, () => 0.5, stubborn)
    expect(state.denied(stubborn, 1300)).toBeUndefined()
    expect(plan.due).toBe(1200 + 3600)
  })

  it('is not blamed on a query that was running through a reload', () => {
    const { state } = started(1000)
    state.begin(query.name, 4600, 1000)
    state.plan(query, 1001, { percent: 10, random: () => 0.5 }, day)
    state.keep(names, 1001)
    expect(started(1100).state.isSuspect(query.name)).toBe(true)
    expect(state.isSuspect(query.name)).toBe(false)
  })
})

describe('the denylist', () => {
  it('holds for its time, for the statement, and not longer because the clock was put back', () => {
    const { state } = started(10 * day)
    state.end(query, { due: 5000, verdict: 'guilty', reason: 'it stalled', denySeconds: day }, 10 * day)
    expect(state.denied(query, 10 * day + 5)?.reason).toBe('it stalled')
    expect(state.denied(scheduledQuery({ denylist: false }), 10 * day + 5)).toBeUndefined()
    expect(new ScheduleState(store).denied(query, 11 * day)).toBeUndefined()
    expect(new ScheduleState(store).denied(scheduledQuery({ sql: 'SELECT 2' }), 10 * day + 5)).toBeUndefined()
    expect(new ScheduleState(store).denied(query, 8 * day)).toBeUndefined()
  })

  it('is lifted by hand', () => {
    const { state } = started(1000)
    state.end(query, { due: 5000, verdict: 'guilty', reason: 'it stalled', denySeconds: day }, 1000)
    expect(state.allow(query.name)).toBe(true)
    expect(state.allow(query.name)).toBe(false)
    expect(new ScheduleState(store).denied(query, 1001)).toBeUndefined()
  })
})

it('what could not be written is written with the next change', () => {
  const { state } = started(1000)
  store.failure = new Error('disk full')
  expect(() =>
    state.end(query, { due: 5000, verdict: 'guilty', reason: 'it stalled', denySeconds: day }, 1000),
  ).toThrow('disk full')
  expect(state.denied(query, 1001)).toBeDefined()
  expect(() => state.begin(query.name, 4600, 1002)).toThrow('disk full')
  store.failure = undefined
  state.end(query, { due: 4600, verdict: 'good', denySeconds: day }, 1003)
  expect(new ScheduleState(store).denied(query, 1004)).toBeDefined()
  expect(started(1005).state.isSuspect(query.name)).toBe(false)
})

it('rows that damage has made senseless are as if they were not there', () => {
  started(1000)
  store.database.exec(`UPDATE schedule_queries SET due = 'soon'`)
  store.database.exec(`INSERT INTO schedule_denylist VALUES ('${query.name}', 'x', -5, 'never', 'y')`)
  expect(started(2000).plan.due).toBe(2000)
})

it('a query that is gone is forgotten after a month', () => {
  started(1000)
  const state = new ScheduleState(store)
  state.keep(new Set(), 1000 + 29 * day)
  expect(store.database.prepare('SELECT count(*) AS n FROM schedule_queries').get()).toEqual({ n: 1 })
  state.keep(new Set(), 1000 + 31 * day)
  expect(store.database.prepare('SELECT count(*) AS n FROM schedule_queries').get()).toEqual({ n: 0 })
})
