/**
 * Answers within limits: what is beyond is neither computed nor moved.
 */
import { expect, it } from 'vitest'
import { integer, text } from '../../../../extension/sdk/index.ts'
import { openSql } from '../../../../extension/sdk/sql/index.ts'
import { tableOf, withSql } from './tables.ts'

const plenty = { maxRows: 1000, maxCellBytes: 1000, maxBytes: 100_000 }

it('a table without end is asked only for the rows that are wanted', async () => {
  let yielded = 0
  const endless = tableOf('endless', { n: integer('Number') }, ['n'], async function* () {
    for (;;) yield { n: yielded++ }
  })
  await withSql([endless], async (database) => {
    const { rows, cut } = await database.query('SELECT n FROM endless', { limits: { ...plenty, maxRows: 300 } })
    expect(rows).toHaveLength(300)
    expect(rows[299]).toEqual({ n: '299' })
    expect(cut).toBe('rows after the first 300 were left out')
    expect(yielded).toBeLessThan(2000)
  })
})

it('values are texts as osquery prints them, also at the limits', async () => {
  await withSql([], async (database) => {
    const sql =
      "SELECT 3.0 AS d, 1e20 AS e, 9223372036854775807 AS i, NULL AS n, 'a' || char(0) || 'b' AS t, x'4100' AS b"
    const { rows, cut } = await database.query(sql, { limits: plenty })
    expect(rows).toEqual([{ d: '3.0', e: '1e+20.0', i: '9223372036854775807', n: '', t: 'a', b: 'A' }])
    expect(rows).toEqual((await database.query(sql, { asText: true })).rows)
    expect(cut).toBeUndefined()
  })
})

it('a cell is cut between characters, and a row that does not fit ends the answer', async () => {
  await withSql([], async (database) => {
    const long = await database.query("SELECT 'xääää' AS t", { limits: { ...plenty, maxCellBytes: 4 } })
    expect(long).toMatchObject({ rows: [{ t: 'xä... [cut: 9 bytes]' }], cut: '1 cells were cut to 4 bytes' })
    const many = 'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT hex(zeroblob(30)) AS h FROM c'
    const { rows, cut } = await database.query(many, { limits: { ...plenty, maxBytes: 130 } })
    expect(rows).toHaveLength(2)
    expect(cut).toBe('rows after the first 2 were left out: more than 130 bytes')
  })
})

it('a cell of 50 MB crosses the border as what is kept of it', async () => {
  const heavy = tableOf('heavy', { t: text('Text') }, ['t'], async function* () {
    yield { t: 'x'.repeat(50_000_000) }
  })
  await withSql([heavy], async (database) => {
    const { rows } = await database.query('SELECT t FROM heavy', { limits: plenty })
    expect(rows).toEqual([{ t: `${'x'.repeat(1000)}... [cut: 50000000 bytes]` }])
  })
})

it('a value beyond what the database allows is an error of the statement', async () => {
  const database = await openSql([], { maxValueBytes: 1_000_000 })
  await expect(database.query('SELECT length(zeroblob(2000000) || 1)')).rejects.toThrow('too big')
  expect((await database.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await database.close()
})
