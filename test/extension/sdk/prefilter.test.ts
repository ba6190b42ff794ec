/**
 * The prefilter may keep too much, never too little: held to SQLite over random values, constraints and collations.
 */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Cell, type ColumnType, constraint, mayMatch, operators } from '../../../extension/sdk/index.ts'

const db = new DatabaseSync(':memory:')
const types: readonly Exclude<ColumnType, 'BLOB'>[] = ['TEXT', 'INTEGER', 'BIGINT', 'UNSIGNED BIGINT', 'DOUBLE']
const symbols = {
  equals: '=',
  greater_than: '>',
  less_than: '<',
  greater_than_or_equals: '>=',
  less_than_or_equals: '<=',
  like: 'LIKE',
  glob: 'GLOB',
} as const
type Comparison = keyof typeof symbols

const texts = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'a',
    'A',
    'a ',
    'A  ',
    'é',
    'É',
    'ab',
    '5',
    '05',
    '5.0',
    ' 5 ',
    '+5',
    '5e0',
    '0x5',
    '-0',
    '1e999',
    '.5',
    '5.',
    'inf',
  ),
  fc.string({ unit: 'grapheme', maxLength: 4 }).map((text) => text.replaceAll('\0', '')),
  fc.integer().map(String),
)
const doubles = fc.oneof(
  fc.double({ noNaN: true }),
  fc.constantFrom(0.1 + 0.2, 0.3, 1e15, 2 ** 53, 1e300, 5e-324, -0, 1 / 3),
)
const int64s = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, 5n, -1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)),
)
const numbers = fc.oneof(int64s, doubles)
const patterns = fc
  .array(fc.constantFrom('a', 'A', '%', '_', '*', '?', '[a-z]', '5', 'é', ' '), { maxLength: 4 })
  .map((parts) => parts.join(''))

function valuesOf(type: (typeof types)[number]): fc.Arbitrary<Cell> {
  if (type === 'TEXT') return texts
  return fc.option<number | bigint>(type === 'DOUBLE' ? doubles : int64s, { freq: 10 })
}

const cases = fc.constantFrom(...types).chain((type) =>
  fc.record({
    type: fc.constant(type),
    value: valuesOf(type),
    comparison: fc.constantFrom(...(Object.keys(symbols) as Comparison[])),
    right: fc.oneof(texts, numbers, patterns),
    near: fc.boolean(),
    collation: fc.constantFrom('BINARY', 'NOCASE', 'RTRIM'),
    /** The right side may be a column of another type: SQLite converts by both sides then. */
    rightType: fc.constantFrom('', 'TEXT', 'BIGINT', 'DOUBLE'),
  }),
)

/** What SQLite answers, and the text osquery would pass on for the right side. */
const referee = (type: string, rightType: string, symbol: string, collation: string) => {
  db.exec('DROP TABLE IF EXISTS l; DROP TABLE IF EXISTS r')
  db.exec(`CREATE TABLE l (v ${type}); CREATE TABLE r (v ${rightType})`)
  return db.prepare(`SELECT l.v ${symbol} r.v COLLATE ${collation} AS yes, CAST(r.v AS TEXT) AS expr FROM l, r`)
}

describe('mayMatch', () => {
  it('keeps every value that SQLite keeps', () => {
    let kept = 0
    let dropped = 0
    fc.assert(
      fc.property(cases, ({ type, value, comparison, right, near, collation, rightType }) => {
        const other = near && value !== null ? value : right
        const statement = referee(type, rightType, symbols[comparison], collation)
        db.prepare('INSERT INTO l VALUES (?)').run(value as SQLInputValue)
        db.prepare('INSERT INTO r VALUES (?)').run(other as SQLInputValue)
        const answer = statement.get()
        const expr = String(answer?.['expr'])
        const ours = mayMatch(type, [constraint(operators[comparison], expr)], value)
        if (answer?.['yes'] === 1) expect(ours, `${String(value)} ${comparison} ${expr}`).toBe(true)
        if (ours) kept++
        else dropped++
      }),
      { numRuns: 6000 },
    )
    expect(kept).toBeGreaterThan(500)
    expect(dropped, 'a prefilter that keeps everything is none').toBeGreaterThan(500)
  })

  it('reads several equalities as a union', () => {
    const list = [constraint(2, 'a'), constraint(2, 'b')]
    expect(['a', 'b', 'c'].map((value) => mayMatch('TEXT', list, value))).toEqual([true, true, false])
    expect([1, 2n, 3].map((value) => mayMatch('BIGINT', [constraint(2, '1'), constraint(2, '2')], value))).toEqual([
      true,
      true,
      false,
    ])
  })

  it('wants all other constraints to hold', () => {
    const range = [constraint(operators.greater_than_or_equals, '1'), constraint(operators.less_than, '3')]
    expect([0, 1, 2, 4].map((value) => mayMatch('INTEGER', range, value))).toEqual([false, true, true, false])
    const both = [constraint(operators.like, '/a/%'), constraint(operators.glob, '*.dll')]
    expect(['/a/x.dll', '/a/x.exe', '/b/x.dll'].map((value) => mayMatch('TEXT', both, value))).toEqual([
      true,
      false,
      false,
    ])
  })

  it('does not filter by operators it does not know, LIMIT and OFFSET among them', () => {
    for (const op of [0, 1, 68, 69, 72, 73, 74, 150]) expect(mayMatch('INTEGER', [constraint(op, '2')], 7)).toBe(true)
  })

  it('does not judge texts with a NUL, blobs, and equality of versions', () => {
    expect(mayMatch('TEXT', [constraint(operators.like, 'a')], 'b\0')).toBe(true)
    expect(mayMatch('TEXT', [constraint(operators.equals, 'a\0')], 'b')).toBe(true)
    expect(mayMatch('BLOB', [constraint(operators.equals, 'a')], new Uint8Array([1]))).toBe(true)
    expect(mayMatch('TEXT', [constraint(operators.equals, '1.0')], '1.00', 'version')).toBe(true)
    expect(mayMatch('TEXT', [constraint(operators.equals, '1.0.1')], '1.0.2')).toBe(false)
  })

  it('leaves room for numbers that were printed with fifteen digits', () => {
    expect(mayMatch('DOUBLE', [constraint(operators.equals, '0.3')], 0.1 + 0.2)).toBe(true)
    expect(mayMatch('UNSIGNED BIGINT', [constraint(operators.equals, '1.84467440737096e+19')], 2n ** 64n - 1n)).toBe(
      true,
    )
    expect(mayMatch('DOUBLE', [constraint(operators.equals, '0.3')], 0.31)).toBe(false)
  })
})
