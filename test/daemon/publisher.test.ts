import { pino } from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ResultSet } from '../../daemon/engine/engine.ts'
import { Publisher } from '../../daemon/publisher.ts'
import { ResultLines } from '../../daemon/results/result-lines.ts'
import { ResultState, resultStatePart } from '../../daemon/results/result-state.ts'
import { SpoolFullError } from '../../daemon/spool/spool.ts'
import type { ResultEvent } from '../../extension/domain/result-event.ts'
import { MemorySpool } from '../support/daemon/memory-spool.ts'
import { testStore } from '../support/daemon/memory-store.ts'
import { scheduledQuery } from './support/queries.ts'

const lines = new ResultLines({ changes: 'event', snapshots: 'whole', numerics: false, decorationsTopLevel: false })
const columns = [{ name: 'path', type: 'TEXT' }]
const result = (...paths: string[]): ResultSet => ({ columns, rows: paths.map((path) => ({ path })) })

/** Keeps what was appended, and has no room when it is told so. */
class CountedSpool extends MemorySpool {
  readonly appended_: ResultEvent[] = []
  isFull = false

  override append(events: readonly ResultEvent[]): void {
    if (this.isFull) throw new SpoolFullError('no room')
    this.appended_.push(...events)
    super.append(events)
  }
}

const q = scheduledQuery({ name: 'q' })

let spool: CountedSpool
let publisher: Publisher

beforeEach(() => {
  const store = testStore([resultStatePart])
  spool = new CountedSpool()
  const services = { store, spool, state: new ResultState(store), log: pino({ level: 'silent' }), version: '1.2.3' }
  publisher = new Publisher(services, { lines, host: 'h', decorations: { site: 'x' }, epoch: 0 })
})

const told = () =>
  spool.appended_.splice(0).map(({ line }) => {
    const { action, columns: row, counter, decorations } = JSON.parse(line)
    return [action, row?.path, counter, decorations.site]
  })

describe('publishing', () => {
  it('tells what is new and what is gone, and nothing where nothing changed', () => {
    publisher.publish(q, result('a', 'b'), 10)
    expect(told()).toEqual([
      ['added', 'a', 0, 'x'],
      ['added', 'b', 0, 'x'],
    ])
    publisher.publish(q, result('a', 'b'), 20)
    expect(told()).toEqual([])
    publisher.publish(q, result('b', 'c'), 30)
    expect(told()).toEqual([
      ['removed', 'a', 1, 'x'],
      ['added', 'c', 1, 'x'],
    ])
  })

  it('finds a change again that the spool had no room for', () => {
    publisher.publish(q, result('a'), 10)
    told()
    spool.isFull = true
    expect(() => publisher.publish(q, result('a', 'b'), 20)).toThrow(SpoolFullError)
    spool.isFull = false
    publisher.publish(q, result('a', 'b'), 30)
    expect(told()).toEqual([['added', 'b', 1, 'x']])
  })

  it('gives a snapshot whole, every time', () => {
    const whole = { ...q, snapshot: true }
    for (const seconds of [10, 20]) publisher.publish(whole, result('a'), seconds)
    expect(spool.appended_.map(({ kind, line }) => [kind, JSON.parse(line).snapshot])).toEqual([
      ['snapshot', [{ path: 'a' }]],
      ['snapshot', [{ path: 'a' }]],
    ])
  })

  it('says by a status line what was cut off a result', () => {
    publisher.publish(q, { ...result('a'), truncated: '2 of 3 rows' }, 10)
    const status = spool.appended_.find(({ kind }) => kind === 'status')
    expect(JSON.parse(status?.line ?? '{}')).toMatchObject({
      severity: 1,
      message: 'result of q was cut off: 2 of 3 rows',
      version: '1.2.3',
    })
  })

  it('passes on status lines of osquery with their own place and time', () => {
    const line = { severity: 2, file: 'init.cpp', line: 7, message: 'm', host: 'h', calendarTime: '', unixTime: 9 }
    expect(JSON.parse(publisher.forwarded(line).line)).toMatchObject({
      filename: 'init.cpp',
      message: 'm',
      unixTime: 9,
    })
  })
})
