/**
 * Statements that spend minutes inside one function of SQLite, where it looks at no flag.
 */
import { expect, it } from 'vitest'
import { openSql } from '../../../../extension/sdk/sql/index.ts'

/** Half a million comparisons of half a million characters each. */
const stuck = "SELECT instr(hex(zeroblob(1000000)), hex(zeroblob(500000)) || '1')"

it('an abort ends the engine when SQLite does not stop, and everyone is told', async () => {
  const database = await openSql([], { stopMs: 50 })
  const abort = new AbortController()
  const reason = new Error('the deadline has passed')
  const running = database.query(stuck, { signal: abort.signal })
  const waiting = database.query('SELECT 1')
  const both = Promise.allSettled([running, waiting])
  setImmediate(() => abort.abort(reason))
  const [first, second] = await both
  expect(first).toMatchObject({ reason })
  const message = 'an aborted statement did not stop and the SQL engine was ended; open a new database'
  expect(second).toMatchObject({ reason: { message } })
  await expect(database.query('SELECT 1')).rejects.toThrow(message)
  await database.close()
})

it('an abort that SQLite heeds leaves the engine alone', async () => {
  const database = await openSql([])
  const abort = new AbortController()
  const running = database.query(
    'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT sum(n) FROM c',
    {
      signal: abort.signal,
    },
  )
  const reason = new Error('enough')
  setImmediate(() => abort.abort(reason))
  await expect(running).rejects.toBe(reason)
  expect((await database.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await database.close()
})
