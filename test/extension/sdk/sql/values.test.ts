/**
 * Values into SQLite and out again.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bigint, blob, type Cell, double, integer, text, unsignedBigint } from '../../../../extension/sdk/index.ts'
import { openSql, type SqlDatabase } from '../../../../extension/sdk/sql/index.ts'
import { tableOf, withSql } from './tables.ts'

const rows = [
  { id: 1, t: '', i: 0, b: 0, u: 0, d: 0, bl: new Uint8Array() },
  { id: 2 },
  { id: 3, t: 'é😀日', i: -5, b: -(2n ** 63n), u: 2n ** 63n - 1n, d: 0.1, bl: new Uint8Array([0, 1, 255]) },
  {
    id: 4,
    t: 'a\0b',
    i: 2 ** 31 - 1,
    b: 2 ** 53 - 1,
    u: 2n ** 63n,
    d: Number.POSITIVE_INFINITY,
    bl: Buffer.from('xyz').subarray(1),
  },
]
const cells = tableOf(
  'cells',
  {
    id: integer('Id'),
    t: text('T'),
    i: integer('I'),
    b: bigint('B'),
    u: unsignedBigint('U'),
    d: double('D'),
    bl: blob('Bl'),
  },
  ['id'],
  async function* () {
    yield* rows
  },
)

let database: SqlDatabase
beforeAll(async () => {
  database = await openSql([cells])
})
afterAll(() => database.close())

const one = async (sql: string, ...params: Cell[]): Promise<Cell | undefined> => {
  const { columns, rows } = await database.query(sql, { params })
  return rows[0]?.[columns[0] ?? '']
}

describe('values of a table', () => {
  it('arrive as they were yielded', async () => {
    expect((await database.query('SELECT * FROM cells ORDER BY id')).rows).toEqual([
      { id: 1, t: '', i: 0, b: 0, u: 0, d: 0, bl: new Uint8Array() },
      { id: 2, t: '', i: null, b: null, u: null, d: null, bl: null },
      { id: 3, t: 'é😀日', i: -5, b: -(2n ** 63n), u: 2n ** 63n - 1n, d: 0.1, bl: new Uint8Array([0, 1, 255]) },
      {
        id: 4,
        t: 'a\0b',
        i: 2 ** 31 - 1,
        b: 2 ** 53 - 1,
        u: null,
        d: Number.POSITIVE_INFINITY,
        bl: new Uint8Array([121, 122]),
      },
    ])
  })

  it('have the types SQLite should see', async () => {
    const sql =
      'SELECT group_concat(typeof(t) || typeof(i) || typeof(b) || typeof(u) || typeof(d) || typeof(bl)) FROM cells'
    expect(await one(`${sql} WHERE id = 1`)).toBe('textintegerintegerintegerrealblob')
    expect(await one(`${sql} WHERE id = 2`)).toBe('textnullnullnullnullnull')
  })

  it('do not keep the memory behind a view', async () => {
    const bytes = await one('SELECT bl FROM cells WHERE id = 4')
    expect(bytes instanceof Uint8Array && bytes.buffer.byteLength).toBe(2)
  })
})

describe('parameters', () => {
  it.each([
    ['', 'text'],
    ['it’s "é" 😀', 'text'],
    ['a\0b', 'text'],
    [0, 'integer'],
    [-1.5, 'real'],
    [2 ** 53, 'real'],
    [9007199254740993n, 'integer'],
    [-(2n ** 63n), 'integer'],
    [5n, 'integer'],
    [null, 'null'],
    [new Uint8Array(), 'blob'],
    [new Uint8Array([0, 7]), 'blob'],
  ] as const)('carry %o as %s', async (cell, type) => {
    const { rows } = await database.query('SELECT ?1 AS v, typeof(?1) AS t', { params: [cell] })
    expect(rows).toEqual([{ v: cell === 5n ? 5 : cell, t: type }])
  })

  it('are used in constraints', async () => {
    expect(await one('SELECT id FROM cells WHERE t = ?', 'é😀日')).toBe(3)
    expect(await one('SELECT id FROM cells WHERE b = ?', -(2n ** 63n))).toBe(3)
    expect(await one('SELECT id FROM cells WHERE t = ?', 'a\0b')).toBe(4)
  })

  it.each([
    [[undefined], 'parameter 1 is undefined (undefined)'],
    [[1, true], 'parameter 2 is true (boolean)'],
    [[2n ** 63n], 'parameter 1 is 9223372036854775808 (bigint)'],
    [[{}], 'parameter 1 is [object Object] (object)'],
    [[() => 1], '(function)'],
  ])('are refused when they are no cells: %o', async (params, message) => {
    await expect(database.query('SELECT ?', { params: params as never })).rejects.toThrow(message)
  })

  it('must be as many as the statement has', async () => {
    await expect(database.query('SELECT ?, ?', { params: [1] })).rejects.toThrow(
      'the statement has 2 parameters, 1 were given',
    )
    await expect(database.query('SELECT 1', { params: [1] })).rejects.toThrow('has 0 parameters, 1 were given')
    expect(await one('SELECT 1')).toBe(1)
  })
})

describe('column names', () => {
  it('stay apart when they are alike', async () => {
    expect(await database.query('SELECT 1 AS a, 2 AS a, 3 AS b, 4 AS a')).toEqual({
      columns: ['a', 'a:1', 'b', 'a:2'],
      rows: [{ a: 1, 'a:1': 2, b: 3, 'a:2': 4 }],
    })
  })

  it('may be those of object members', async () => {
    const { rows } = await database.query('SELECT 1 AS "__proto__", 2 AS "constructor"')
    expect(Object.entries(rows[0] ?? {})).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ])
  })

  it('have the types they were declared with', async () => {
    expect(await database.describe('SELECT id, t, id + 1 AS n FROM cells')).toEqual([
      { name: 'id', type: 'INTEGER' },
      { name: 't', type: 'TEXT' },
      { name: 'n', type: null },
    ])
  })

  it('are there without rows, and without running anything', async () => {
    expect(await database.query('SELECT id, t FROM cells WHERE 0')).toEqual({ columns: ['id', 't'], rows: [] })
    expect(await database.columns('SELECT *, id + ? FROM cells')).toEqual([
      'id',
      't',
      'i',
      'b',
      'u',
      'd',
      'bl',
      'id + ?',
    ])
  })
})

describe('values as text', () => {
  it('are what SQLite prints, NULL is empty, and a NUL ends', async () => {
    const sql =
      "SELECT 3.0 AS d, 1.5 AS e, 9223372036854775807 AS i, NULL AS n, 'a' || char(0) || 'b' AS t, x'4100' AS b"
    await withSql([], async (database) => {
      expect((await database.query(sql, { asText: true })).rows).toEqual([
        { d: '3.0', e: '1.5', i: '9223372036854775807', n: '', t: 'a', b: 'A' },
      ])
    })
  })
})
