/**
 * The embedded engine against plain SQLite: the same rows in a virtual table and in an ordinary one, the same query,
 * the same answer.
 *
 * The virtual table filters as hard as a table may: it drops every row that `mayMatch` of some column refuses, and
 * gives only rows whose values are among `equals`, within `range`, and like `likes` and `globs`. A prefilter or a push-down that is too strict
 * loses rows here. One form is left out: a TEXT column IN a list of numbers from a subquery, where SQLite itself compares
 * as text when the column belongs to a virtual table, and as numbers otherwise. Many statements share one pair of databases, because opening one costs more than a query.
 */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type BoundTable,
  bigint,
  type Cell,
  type Column,
  type ColumnOptions,
  double,
  glob,
  integer,
  like,
  type Range,
  type Row,
  text,
  unsignedBigint,
} from '../../../../extension/sdk/index.ts'
import type { ResultRow } from '../../../../extension/sdk/sql/index.ts'
import { tableOf, withSql } from './tables.ts'

const builders = { TEXT: text, INTEGER: integer, BIGINT: bigint, 'UNSIGNED BIGINT': unsignedBigint, DOUBLE: double }
type Type = keyof typeof builders
type AnyRow = Row<Record<string, Column>>

interface Declared {
  readonly columns: Readonly<Record<string, Column>>
  readonly rows: readonly AnyRow[]
}

const options: fc.Arbitrary<ColumnOptions> = fc.constantFrom(
  {},
  { index: true },
  { index: true, optimized: true },
  { additional: true, optimized: true },
  { additional: true },
  { hidden: true },
  { hidden: true, index: true },
  { collate: 'nocase' },
  { collate: 'nocase', index: true, optimized: true },
  { collate: 'rtrim', index: true },
)

/** Mostly few values, so that constraints, rows and the rows of the other table meet. */
const cells: Readonly<Record<Type, fc.Arbitrary<string | number | bigint | null>>> = {
  TEXT: mostly(
    [null, '', 'a', 'A', 'b', 'a ', 'ab', 'é', '5', '05', '😀'],
    fc.string({ unit: 'grapheme', maxLength: 3 }).map((one) => one.replaceAll('\0', '')),
  ),
  INTEGER: mostly([null, 0, 1, 2, 5, -1], fc.integer()),
  BIGINT: mostly(
    [null, 0, 1, 5n, -1, 2n ** 53n + 1n, -(2n ** 63n)],
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  ),
  'UNSIGNED BIGINT': mostly<number | bigint | null>([null, 0, 1, 5], fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })),
  DOUBLE: mostly([null, 0, 1, 5, 0.5, -1, 0.1 + 0.2, 1e18], fc.double({ noNaN: true })),
}

function mostly<T>(few: readonly T[], many: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...few) }, { weight: 1, arbitrary: many })
}

/** Columns c0 to c3 of any type, and a key that tells rows apart. */
const declared: fc.Arbitrary<Declared> = fc
  .array(fc.tuple(fc.constantFrom(...(Object.keys(builders) as Type[]), 'TEXT' as const, 'TEXT' as const), options), {
    minLength: 4,
    maxLength: 4,
  })
  .chain((kinds) =>
    fc.array(fc.tuple(...kinds.map(([type]) => cells[type])), { minLength: 5, maxLength: 14 }).map((table) => ({
      columns: {
        key: integer('Key'),
        ...Object.fromEntries(
          kinds.map(([type, chosen], at) => [
            `c${at}`,
            builders[type](
              'Column',
              type === 'TEXT' ? chosen : { ...chosen, ...(chosen.collate ? { collate: 'binary' as const } : {}) },
            ),
          ]),
        ),
      },
      rows: table.map(
        (row, key) => ({ key, ...Object.fromEntries(row.map((cell, at) => [`c${at}`, cell])) }) as AnyRow,
      ),
    })),
  )

function strictTable(name: string, { columns, rows }: Declared): BoundTable {
  const names = Object.keys(columns)
  return tableOf(name, columns, ['key'], async function* (context) {
    const wanted = names.flatMap((column) => {
      const values = context.equals(column)
      const isAmong = values ? lookup(columns[column]?.type, columns[column]?.options, values) : () => true
      const { from, to } = context.range(column)
      const isWithin = (cell: Cell) =>
        (from === undefined && to === undefined) ||
        (typeof cell !== 'string' && cell !== null && !(cell instanceof Uint8Array) && between(cell, from, to))
      const isText = columns[column]?.type === 'TEXT' // of a number SQLite makes a text first
      const isLike = (cell: Cell) =>
        !isText ||
        (context.likes(column).every((pattern) => like(pattern, String(cell ?? ''))) &&
          context.globs(column).every((pattern) => glob(pattern, String(cell ?? ''))))
      return [{ column, passes: (cell: Cell) => isAmong(cell) && isWithin(cell) && isLike(cell) }]
    })
    for (const row of rows) {
      const isKept = names.every((column) => context.mayMatch(column, (row[column] ?? null) as Cell))
      if (isKept && wanted.every(({ column, passes }) => passes((row[column] ?? null) as Cell))) yield row
    }
  })
}

/** Bounds as a table would use them. */
function between(cell: number | bigint, from: Range['from'], to: Range['to']): boolean {
  return (from === undefined || cell >= from) && (to === undefined || cell <= to)
}

/** An exact look-up as a table would do it: a set of texts under the column's collation, or of numbers. */
function lookup(
  type: string | undefined,
  { collate }: ColumnOptions = {},
  values: readonly string[],
): (cell: Cell) => boolean {
  if (type !== 'TEXT') return (cell) => cell !== null && values.map(Number).includes(Number(cell))
  const fold = (one: string) =>
    collate === 'nocase'
      ? one.replace(/[A-Z]/g, (c) => c.toLowerCase())
      : collate === 'rtrim'
        ? one.replace(/ +$/, '')
        : one
  const texts = new Set(values.map(fold))
  return (cell) => texts.has(fold(cell === null ? '' : String(cell)))
}

const column = fc.constantFrom('key', 'c0', 'c1', 'c2', 'c3')
const quoted = (one: string) => `'${one.replaceAll("'", "''")}'`
const literal: fc.Arbitrary<string> = fc.oneof(
  cells.TEXT.map((one) => (one === null ? 'NULL' : quoted(String(one)))),
  fc.oneof(cells.INTEGER, cells.BIGINT).map((one) => (one === null ? 'NULL' : String(one))),
  fc.constantFrom(
    '0.5',
    '5.0',
    '0.30000000000000004',
    '0.3',
    '1e18',
    '-1.5',
    "x'61'",
    "x'35'",
    '9223372036854775808',
    '9007199254740993.0',
  ),
)
const pattern = fc
  .array(fc.constantFrom('a', 'A', '%', '_', '*', '?', '[a-z]', '[^a]', 'é', '5', ' '), { maxLength: 3 })
  .map((parts) => quoted(parts.join('')))
const collation = fc.constantFrom('', '', '', ' COLLATE NOCASE', ' COLLATE BINARY', ' COLLATE RTRIM')

/** A WHERE clause; columns carry the prefix of their table. */
const where = fc.letrec<{ condition: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    fc
      .tuple(column, fc.constantFrom('=', '=', '<>', '<', '<=', '>', '>=', 'IS', 'IS NOT'), literal, collation)
      .map(([c, op, v, by]) => `@${c} ${op} ${v}${by}`),
    fc.tuple(literal, fc.constantFrom('=', '<', '>'), column).map(([v, op, c]) => `${v} ${op} @${c}`),
    fc.tuple(column, fc.constantFrom('=', '<', '='), column).map(([a, op, b]) => `@${a} ${op} @${b}`),
    fc
      .tuple(column, fc.constantFrom('', 'NOT '), literal, literal)
      .map(([c, not, a, b]) => `@${c} ${not}BETWEEN ${a} AND ${b}`),
    fc
      .tuple(column, collation, fc.constantFrom('', '', 'NOT '), fc.array(literal, { minLength: 1, maxLength: 4 }))
      .map(([c, by, not, list]) => `@${c}${by} ${not}IN (${list.join(', ')})`),
    fc.tuple(column, column).map(([a, b]) => `@${a} IN (SELECT ${b} FROM other)`),
    fc
      .tuple(column, fc.constantFrom('LIKE', 'NOT LIKE', 'GLOB', 'NOT GLOB'), pattern)
      .map(([c, op, v]) => `@${c} ${op} ${v}`),
    fc.tuple(column, fc.constantFrom('IS NULL', 'IS NOT NULL')).map(([c, op]) => `@${c} ${op}`),
  ),
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: tie('leaf') },
    { weight: 2, arbitrary: fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a} AND ${b})`) },
    { weight: 2, arbitrary: fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a} OR ${b})`) },
    { weight: 1, arbitrary: tie('condition').map((one) => `NOT (${one})`) },
  ),
})).condition

/** Conditions whose parts SQLite can pass on, OR by OR. */
const pushed = fc
  .tuple(
    fc
      .tuple(column, fc.constantFrom('=', '=', '=', '<', '>=', 'IS'), literal, collation)
      .map(([c, op, v, by]) => `@${c} ${op} ${v}${by}`),
    fc.tuple(column, fc.constantFrom('LIKE', 'GLOB'), pattern).map(([c, op, v]) => `@${c} ${op} ${v}`),
    fc
      .tuple(column, collation, fc.array(literal, { minLength: 2, maxLength: 4 }))
      .map(([c, by, list]) => `@${c}${by} IN (${list.join(', ')})`),
    fc.tuple(column, literal).map(([c, v]) => `@${c} = ${v}`),
    fc
      .tuple(column, fc.constantFrom('a', 'A', 'a ', 'AB', ''), fc.constantFrom('NOCASE', 'RTRIM'))
      .map(([c, v, by]) => `@${c} = ${quoted(v)} COLLATE ${by}`),
    fc
      .tuple(column, fc.constantFrom('<', '>=', '='), fc.constantFrom("x'35'", "x'61'", "'5'", "'a'", '5'))
      .map(([c, op, v]) => `@${c} ${op} ${v}`),
  )
  .chain((parts) =>
    fc.tuple(fc.shuffledSubarray(parts, { minLength: 1, maxLength: 3 }), fc.constantFrom(' OR ', ' OR ', ' AND ')),
  )
  .map(([parts, joint]) => parts.join(joint))

const everything = 'm.key, m.c0, m.c1, m.c2, m.c3'
const on = (prefix: string, condition: string) => condition.replaceAll('@', prefix)
const statement = fc.oneof(
  {
    weight: 10,
    arbitrary: pushed.map((w) => `SELECT ${everything} FROM main_table m WHERE ${on('m.', w)} ORDER BY m.key`),
  },
  {
    weight: 6,
    arbitrary: where.map((w) => `SELECT ${everything} FROM main_table m WHERE ${on('m.', w)} ORDER BY m.key`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(where, column)
      .map(
        ([w, c]) =>
          `SELECT ${everything} FROM main_table m WHERE ${on('m.', w)} ORDER BY m.${c}, m.key DESC LIMIT 3 OFFSET 1`,
      ),
  },
  { weight: 1, arbitrary: where.map((w) => `SELECT count(*) FROM main_table m WHERE ${on('m.', w)}`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(where, column)
      .map(([w, c]) => `SELECT DISTINCT hex(m.${c}) AS v FROM main_table m WHERE ${on('m.', w)} ORDER BY v`),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(column, column, where)
      .map(
        ([a, b, w]) =>
          `SELECT ${everything}, o.key AS okey FROM main_table m JOIN other o ON o.${b} = m.${a} WHERE ${on('m.', w)} ORDER BY m.key, o.key`,
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(column, column, where, where)
      .map(
        ([a, b, w, v]) =>
          `SELECT m.key, o.* FROM main_table m LEFT JOIN other o ON o.${b} = m.${a} AND ${on('o.', w)} WHERE ${on('m.', v)} ORDER BY m.key, o.key`,
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(where, where)
      .map(
        ([w, v]) =>
          `SELECT ${everything} FROM main_table m WHERE ${on('m.', w)} AND EXISTS (SELECT 1 FROM other o WHERE o.c0 = m.c0 OR ${on('o.', v)}) ORDER BY m.key`,
      ),
  },
)

/** See above. */
function isComparable(sql: string, tables: Readonly<Record<'m' | 'o', Declared>>): boolean {
  return [...sql.matchAll(/([mo])\.(\w+) IN \(SELECT (\w+) FROM other\)/g)].every(
    ([, table, left = '', right = '']) => {
      const isText = tables[table === 'm' ? 'm' : 'o'].columns[left]?.type === 'TEXT'
      return !isText || tables.o.columns[right]?.type === 'TEXT'
    },
  )
}

/** Hidden columns are left out of `SELECT *`, which an ordinary table cannot; so it gets the visible ones only. */
function ordinary(tables: Readonly<Record<string, Declared>>): DatabaseSync {
  const db = new DatabaseSync(':memory:', { readBigInts: true } as object)
  for (const [name, { columns, rows }] of Object.entries(tables)) {
    const names = Object.keys(columns)
    const declaration = names.map(
      (one) =>
        `${one} ${columns[one]?.type}${columns[one]?.type === 'TEXT' ? ` COLLATE ${columns[one]?.options.collate ?? 'binary'}` : ''}`,
    )
    db.exec(`CREATE TABLE ${name} (${declaration.join(', ')})`)
    const insert = db.prepare(`INSERT INTO ${name} VALUES (${names.map(() => '?').join(', ')})`)
    for (const row of rows)
      insert.run(...names.map((one) => (row[one] ?? (columns[one]?.type === 'TEXT' ? '' : null)) as SQLInputValue))
  }
  return db
}

/** Integers as bigints, so that both sides write them alike. */
const comparable = (rows: readonly ResultRow[], names: readonly string[]) =>
  rows.map((row) =>
    names.map((name) =>
      typeof row[name] === 'number' && Number.isSafeInteger(row[name]) ? BigInt(row[name]) : row[name],
    ),
  )

describe('the embedded engine', () => {
  it('answers as SQLite does over ordinary tables', { timeout: 120_000 }, async () => {
    const pair = fc.tuple(declared, declared, fc.array(statement, { minLength: 50, maxLength: 50 }))
    let rowsSeen = 0
    await fc.assert(
      fc.asyncProperty(pair, async ([main, other, statements]) => {
        const tables = { main_table: main, other }
        const referee = ordinary(tables)
        await withSql(
          Object.entries(tables).map(([name, one]) => strictTable(name, one)),
          async (database) => {
            for (const sql of statements.map((one) => one.replaceAll('o.*', 'o.key AS k, o.c0, o.c1, o.c2, o.c3'))) {
              if (!isComparable(sql, { m: main, o: other })) continue
              const { columns, rows } = await database.query(sql)
              const expected = referee.prepare(sql).all() as ResultRow[] // rows of plain cells
              rowsSeen += rows.length
              expect(comparable(rows, columns), sql).toEqual(comparable(expected, columns))
            }
          },
        )
        referee.close()
      }),
      {
        numRuns: Number(process.env['RUNS'] ?? 20),
        endOnFailure: true,
        ...(process.env['REPLAY'] ? { path: process.env['REPLAY'] } : {}),
      },
    )
    expect(rowsSeen).toBeGreaterThan(100)
  })
})
