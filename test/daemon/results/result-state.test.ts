/** The state of differential queries: series, counters, transactions, damage, and that nothing is written for nothing. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ResultRow } from '../../../daemon/engine/engine.ts'
import { type ResultChange, ResultState, resultStatePart } from '../../../daemon/results/result-state.ts'
import { RowText } from '../../../daemon/results/row-text.ts'
import { apply, diff } from '../../support/daemon/difference.ts'
import { testStore } from '../../support/daemon/memory-store.ts'

const columns = [
  { name: 'id', type: 'BIGINT' },
  { name: 'path', type: 'TEXT' },
]
const query = { name: 'pack_hunt_artifacts', sql: 'SELECT id, path FROM t' }
const row = (id: number | string, path = '') => ({ id: String(id), path })
const text = new RowText(['id', 'path'])
const sorted = (rows: Iterable<ResultRow>) => [...rows].map((one) => text.write(one)).sort()

function open() {
  const store = testStore([resultStatePart])
  const state = new ResultState(store)
  const told: (Omit<ResultChange, 'added'> & { added: ResultRow[] })[] = []
  const run = (rows: readonly ResultRow[], change: { sql?: string; epoch?: number; columns?: typeof columns } = {}) =>
    state.advance(
      { ...query, sql: change.sql ?? query.sql },
      { columns: change.columns ?? columns, rows },
      { epoch: change.epoch ?? 0, nowSeconds: 1000 },
      (one) => told.push({ ...one, added: [...one.added] }),
    )
  const rowsIn = (table: string) => Number(store.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'])
  const changes = () => Number(store.database.prepare('SELECT total_changes() AS n').get()?.['n'])
  return { store, state, told, run, rowsIn, changes }
}

describe('a series', () => {
  it('starts with the whole result and counter 0, and counts the runs that changed something', () => {
    const { run, told } = open()
    expect(run([row(1), row(2)])).toMatchObject({ counter: 0, isFull: true, added: 2 })
    expect(run([row(2), row(1)])).toMatchObject({ counter: 0, isFull: false, added: 0, removed: 0 })
    expect(run([row(2), row(3)])).toMatchObject({ counter: 1, added: 1, removed: 1 })
    expect(run([])).toMatchObject({ counter: 2, added: 0, removed: 2 })
    expect(told.map(({ counter, added, removed }) => ({ counter, added, removed }))).toEqual([
      { counter: 0, added: [row(1), row(2)], removed: [] },
      { counter: 1, added: [row(3)], removed: [row(1)] },
      { counter: 2, added: [], removed: [row(2), row(3)] },
    ])
  })

  it('tells an empty first result too, once', () => {
    const { run, told } = open()
    run([])
    run([])
    expect(told).toEqual([{ columns, epoch: 0, counter: 0, added: [], removed: [] }])
  })

  it.each([
    ['a changed statement', { sql: 'SELECT 2' }],
    ['a new epoch', { epoch: 7 }],
    ['a changed column', { columns: [...columns, { name: 'size', type: 'BIGINT' }] }],
  ])('starts anew with %s', (_, change) => {
    const { run, told } = open()
    run([row(1)])
    run([row(1), row(2)])
    run([row(1), row(2)], change)
    expect(told.at(-1)).toMatchObject({
      counter: 0,
      epoch: 'epoch' in change ? change.epoch : 0,
      removed: [],
      added: [row(1), row(2)],
    })
    expect(run([row(1)], change)).toMatchObject({ counter: 1, removed: 1 })
  })

  it('goes on when only the order or the types of columns changed', () => {
    const { run } = open()
    run([row(1)])
    expect(run([row(1)], { columns: columns.toReversed() })).toMatchObject({ isFull: false, added: 0 })
    expect(run([row(1)], { columns: columns.map((one) => ({ ...one, type: 'TEXT' })) })).toMatchObject({
      isFull: false,
    })
  })

  it('goes on over an empty result that came without its columns', () => {
    const { run } = open()
    run([row(1)])
    expect(run([], { columns: [] })).toMatchObject({ counter: 1, removed: 1, isFull: false })
    expect(run([row(2)])).toMatchObject({ counter: 2, added: 1, isFull: false })
  })

  it('goes on when its first result was empty and without columns', () => {
    const { run } = open()
    run([], { columns: [] })
    expect(run([row(2)])).toMatchObject({ counter: 1, added: 1, isFull: false })
    expect(run([row(2)])).toMatchObject({ counter: 1, added: 0, isFull: false })
  })

  it('of one query knows nothing of another', () => {
    const { state, run } = open()
    const ignore = () => undefined
    run([row(1)])
    state.advance({ name: 'other', sql: query.sql }, { columns, rows: [row(9)] }, { epoch: 0, nowSeconds: 0 }, ignore)
    expect(run([row(1)])).toMatchObject({ added: 0, removed: 0 })
  })
})

describe('the law', () => {
  const value = fc.constantFrom('', '1', '2', ',', '😀', 'x'.repeat(3000), '\0')
  const result = fc.array(fc.record({ id: value, path: value }), { maxLength: 60 })

  it('holds over any series of results', () => {
    fc.assert(
      fc.property(fc.array(result, { maxLength: 8 }), (results) => {
        const { run, told, store } = open()
        let received: readonly ResultRow[] = []
        for (const rows of results) {
          const before = told.length
          run(rows)
          for (const change of told.slice(before)) received = apply(columns, received, change)
          expect(sorted(received)).toEqual(sorted(rows))
        }
        store.close()
      }),
      { numRuns: 60 },
    )
  })

  it('gives what the difference in memory gives, in its order', () => {
    fc.assert(
      fc.property(result, result, (previous, current) => {
        const { run, told, store } = open()
        run(previous)
        run(current)
        const expected = diff(columns, previous, current)
        const change = told.at(1)
        expect({ removed: change?.removed ?? [], added: change?.added ?? [] }).toEqual(expected)
        store.close()
      }),
      { numRuns: 60 },
    )
  })

  it('holds over many thousand rows that come and go, with what is gone leaving the file', () => {
    const { run, told, rowsIn } = open()
    const window = (from: number) =>
      Array.from({ length: 10_000 }, (_, at) => row(from + at, `/some/path/${from + at}`))
    let received: readonly ResultRow[] = []
    for (let round = 0; round < 8; round++) {
      run(window(round * 4000))
      received = apply(columns, received, told.at(-1) ?? { removed: [], added: [] })
      expect(sorted(received)).toEqual(sorted(window(round * 4000)))
    }
    expect(told.slice(1).every((one) => one.removed.length === 4000 && one.added.length === 4000)).toBe(true)
    expect(rowsIn('results_pages')).toBeLessThan(600)
  })
})

describe('the transaction', () => {
  it('takes everything back when the events find no room, and the same change comes again', () => {
    const { state, run, told, rowsIn } = open()
    run([row(1), row(2)])
    const pages = rowsIn('results_pages')
    const full = () => {
      throw new Error('the spool is full')
    }
    const advance = (tell: (change: ResultChange) => void) =>
      state.advance(query, { columns, rows: [row(2), row(3)] }, { epoch: 0, nowSeconds: 0 }, tell)
    for (let tries = 0; tries < 3; tries++) expect(() => advance(full)).toThrow('the spool is full')
    expect(rowsIn('results_pages')).toBe(pages)
    expect(run([row(2), row(3)])).toMatchObject({ counter: 1 })
    expect(told.at(-1)).toMatchObject({ removed: [row(1)], added: [row(3)] })
  })

  it('takes the first result back too', () => {
    const { state, run, rowsIn } = open()
    const full = () => {
      throw new Error('the spool is full')
    }
    expect(() => state.advance(query, { columns, rows: [row(1)] }, { epoch: 0, nowSeconds: 0 }, full)).toThrow()
    expect(rowsIn('results_queries')).toBe(0)
    expect(run([row(1)])).toMatchObject({ counter: 0, isFull: true })
  })

  it('covers what is appended', () => {
    const { store, state } = open()
    store.database.exec('CREATE TABLE spool (line TEXT)')
    state.advance(query, { columns, rows: [row(1)] }, { epoch: 0, nowSeconds: 0 }, ({ added }) => {
      for (const one of added)
        store.transaction(() => store.database.prepare('INSERT INTO spool VALUES (?)').run(one['id'] ?? ''))
    })
    expect(store.database.prepare('SELECT count(*) AS n FROM spool').get()).toEqual({ n: 1 })
  })

  it('writes nothing when nothing changed', () => {
    const { run, changes } = open()
    run([row(1), row(2)])
    const before = changes()
    run([row(2), row(1)])
    expect(changes()).toBe(before)
  })

  it('writes little when little changed', () => {
    const { run, changes } = open()
    const rows = Array.from({ length: 20_000 }, (_, at) => row(at))
    run(rows)
    const before = changes()
    run([...rows.slice(1), row('new')])
    expect(changes() - before).toBeLessThanOrEqual(4)
  })
})

describe('a damaged state', () => {
  it.each([
    ['a page is gone', 'DELETE FROM results_pages'],
    ['a page is cut', "UPDATE results_pages SET data = x'31'"],
    ['a page is no bytes', "UPDATE results_pages SET data = 'text'"],
    ['a chunk is gone', 'DELETE FROM results_chunks'],
    ['a chunk is cut', "UPDATE results_chunks SET data = x'00'"],
    ['a count is wrong', 'UPDATE results_queries SET slots = 3'],
  ])('gives the whole result again and says why, when %s', (_, damage) => {
    const { store, run, told } = open()
    run([row(1), row(2)])
    store.database.exec(damage)
    const advanced = run([row(2), row(3)])
    expect(advanced).toMatchObject({ isFull: true, counter: 0, damage: expect.stringContaining('') })
    expect(told.at(-1)).toMatchObject({ counter: 0, removed: [], added: [row(2), row(3)] })
    expect(run([row(3)])).toMatchObject({ counter: 1, removed: 1 })
  })
})

describe('a schedule that changed', () => {
  it('leaves the state of queries that are still in it', () => {
    const { state, run, rowsIn } = open()
    run([row(1)])
    state.advance({ name: 'gone', sql: 's' }, { columns, rows: [row(1)] }, { epoch: 0, nowSeconds: 0 }, () => undefined)
    state.retain(new Set([query.name]))
    expect([rowsIn('results_queries'), rowsIn('results_pages'), rowsIn('results_chunks')]).toEqual([1, 1, 1])
    expect(run([row(1)])).toMatchObject({ isFull: false })
  })
})
