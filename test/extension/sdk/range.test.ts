/**
 * Spans of numbers: held to SQLite over random bounds and values, never narrower.
 */
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bigint, constraint, double, operators, queryContext, text } from '../../../extension/sdk/index.ts'

const columns = { big: bigint('Whole'), real: double('Real'), name: text('Text') }
const contextOf = (column: keyof typeof columns, list: readonly (readonly [op: number, expr: string])[]) =>
  queryContext(
    columns,
    { constraints: new Map([[column, list.map(([op, expr]) => constraint(op, expr))]]), columnsUsed: undefined },
    new AbortController().signal,
  )
const symbols = {
  greater_than: '>',
  greater_than_or_equals: '>=',
  less_than: '<',
  less_than_or_equals: '<=',
} as const
type Order = keyof typeof symbols

const int64s = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, 5n, -1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)),
)
const doubles = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0.1 + 0.2, 0.3, 2 ** 53, 5e-324, -0))

/** The SQLite in osquery prints fifteen digits of a double, newer ones print all that count. */
const asOsquery = (one: unknown) =>
  typeof one === 'string' && /[.e]/i.test(one) && Number.isFinite(Number(one))
    ? Number(one).toPrecision(15)
    : String(one)

describe('a range', () => {
  it('holds every number that SQLite lets through', () => {
    const db = new DatabaseSync(':memory:')
    const bounds = fc.array(
      fc.tuple(fc.constantFrom(...(Object.keys(symbols) as Order[])), fc.oneof(int64s, doubles)),
      {
        minLength: 1,
        maxLength: 3,
      },
    )
    let inside = 0
    let outside = 0
    fc.assert(
      fc.property(
        fc.constantFrom('big' as const, 'real' as const),
        int64s,
        doubles,
        bounds,
        (column, whole, real, all) => {
          const value = column === 'big' ? whole : real
          const where = all.map(([order]) => `? ${symbols[order]} ?`).join(' AND ')
          const answer = db.prepare(`SELECT ${where} AS yes`).get(...all.flatMap(([, bound]) => [value, bound]))
          const exprs = db.prepare(`SELECT ${all.map((_, at) => `CAST(? AS TEXT) AS e${at}`).join(', ')}`)
          const texts = Object.values(exprs.get(...all.map(([, bound]) => bound)) ?? {}).map(asOsquery)
          const list = all.map(([order], at) => [operators[order], texts[at] ?? ''] as const)
          const { from, to } = contextOf(column, list).range(column)
          const isIn = (from === undefined || value >= from) && (to === undefined || value <= to)
          if (answer?.['yes'] === 1) expect(isIn, `${value} in ${String(from)}..${String(to)} for ${texts}`).toBe(true)
          if (isIn) inside++
          else outside++
        },
      ),
      { numRuns: 5000 },
    )
    expect(Math.min(inside, outside), 'a span that holds all or nothing is none').toBeGreaterThan(500)
  })

  it('keeps all 64 bits, and takes the narrowest of several bounds', () => {
    expect(contextOf('big', [[operators.greater_than, '9007199254740993']]).range('big')).toEqual({
      from: 9007199254740993n,
      to: undefined,
    })
    const list = [
      [operators.greater_than_or_equals, '1'],
      [operators.greater_than, '3'],
      [operators.less_than, '9'],
      [operators.less_than_or_equals, '7'],
    ] as const
    expect(contextOf('big', list).range('big')).toEqual({ from: 3, to: 7 })
  })

  it('is open where nothing usable is said', () => {
    const open = { from: undefined, to: undefined }
    expect(contextOf('big', []).range('big')).toEqual(open)
    expect(contextOf('big', [[operators.greater_than, 'abc']]).range('big')).toEqual(open)
    expect(contextOf('big', [[operators.equals, '5']]).range('big')).toEqual(open)
    expect(contextOf('big', [[73, '5']]).range('big')).toEqual(open)
    expect(contextOf('name', [[operators.less_than, '5']]).range('name')).toEqual(open)
  })
})
