/**
 * INSERT, UPDATE and DELETE in the embedded engine, by osquery's rules.
 *
 * The first statements are those that were recorded with a real osquery; its refusals are the same two texts.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ConstraintError, integer, rowid, text } from '../../../../extension/sdk/index.ts'
import { openSql, type SqlDatabase } from '../../../../extension/sdk/sql/index.ts'
import { type Stage, writable } from '../writable.ts'
import { tableOf } from './tables.ts'

const sample = tableOf('sample', { id: integer('Id'), name: text('Name') }, ['id'], async function* () {
  yield { id: 1, name: 'beta' }
})

const stage: Stage = writable()
let database: SqlDatabase
beforeAll(async () => {
  database = await openSql([stage.table, sample], { graceMs: 1000 })
})
beforeEach(() => {
  stage.rows.clear()
  stage.told.length = 0
  stage.before = async () => {}
})
afterAll(() => database.close())

const run = async (sql: string, ...params: (string | number | bigint | Uint8Array | null)[]) =>
  (await database.query(sql, { params })).rows

describe('a writable table', () => {
  it('takes the recorded statements', async () => {
    await run("INSERT INTO rw(text, integer) VALUES ('one', 1)")
    await run("INSERT INTO rw(text, integer) VALUES ('two', 2)")
    await run("UPDATE rw SET text = 'uno' WHERE integer = 1")
    await run("DELETE FROM rw WHERE text = 'two'")
    expect(await run('SELECT rowid = ? AS same, text, integer FROM rw', rowid(['uno']))).toEqual([
      { same: 1, text: 'uno', integer: 1 },
    ])
    expect(stage.told.map(([method]) => method)).toEqual(['insert', 'insert', 'update', 'delete'])
  })

  it('keeps values as they were written', async () => {
    const bytes = new Uint8Array([0, 1, 255])
    await run('INSERT INTO rw VALUES (?, ?, ?, ?, ?)', 'a\0é😀', 2 ** 31 - 1, 2n ** 63n - 1n, 0.1, bytes)
    await run("INSERT INTO rw VALUES ('', NULL, 5, 5.0, x'')")
    expect([...stage.rows.values()]).toEqual([
      { text: 'a\0é😀', integer: 2 ** 31 - 1, big: 2n ** 63n - 1n, dbl: 0.1, bytes },
      { text: '', integer: null, big: 5, dbl: 5, bytes: new Uint8Array() },
    ])
  })

  it('changes many rows in one statement, from other tables too', async () => {
    await run("INSERT INTO rw(text, integer) VALUES ('a', 1), ('b', 2), ('c', 3)")
    await run('INSERT INTO rw(text, integer) SELECT name, id FROM sample')
    await run('UPDATE rw SET integer = integer * 10 WHERE integer > 1')
    await run('DELETE FROM rw WHERE text IN (SELECT name FROM sample)')
    expect(await run('SELECT text, integer FROM rw ORDER BY text')).toEqual([
      { text: 'a', integer: 1 },
      { text: 'b', integer: 20 },
      { text: 'c', integer: 30 },
    ])
    await run('DELETE FROM rw')
    expect(stage.rows.size).toBe(0)
  })

  it('refuses a second row of one identity, and what the table itself forbids', async () => {
    await run("INSERT INTO rw(text) VALUES ('a'), ('b')")
    const twin = database.query("INSERT INTO rw(text) VALUES ('a')")
    await expect(twin).rejects.toThrow('table rw already has a row with text "a"')
    await expect(twin).rejects.toMatchObject({ cause: expect.any(ConstraintError) })
    await expect(run("UPDATE rw SET text = 'b' WHERE text = 'a'")).rejects.toThrow('already has a row with text "b"')
    await expect(run("INSERT INTO rw(text, integer) VALUES ('c', -1)")).rejects.toThrow('integer is negative')
    await expect(run("INSERT INTO rw(text, integer) VALUES ('c', 13)")).rejects.toThrow('the disk is full')
    expect([...stage.rows.keys()]).toEqual(['a', 'b'])
  })

  it('fails whatever the conflict clause says, as in osquery', async () => {
    await run("INSERT INTO rw(text) VALUES ('a')")
    for (const clause of ['IGNORE', 'REPLACE', 'FAIL', 'ROLLBACK'])
      await expect(run(`INSERT OR ${clause} INTO rw(text) VALUES ('a')`)).rejects.toThrow('already has a row')
    expect(stage.told.length).toBe(1)
  })

  it('answers RETURNING', async () => {
    expect(await run("INSERT INTO rw(text) VALUES ('a'), ('b') RETURNING text, integer")).toEqual([
      { text: 'a', integer: null },
      { text: 'b', integer: null },
    ])
  })

  it('leaves the rows that were changed before one failed', async () => {
    await expect(run("INSERT INTO rw(text, integer) VALUES ('a', 1), ('b', -1), ('c', 3)")).rejects.toThrow('negative')
    expect([...stage.rows.keys()]).toEqual(['a'])
  })

  it.each([
    ["INSERT INTO rw(text, integer) VALUES (5, 'str')", 'datatype mismatch: column text of table rw takes TEXT'],
    ["INSERT INTO rw(text, integer) VALUES ('a', 1.5)", 'column integer of table rw takes INTEGER, not REAL'],
    ["INSERT INTO rw(text, dbl) VALUES ('a', 1)", 'column dbl of table rw takes REAL, not INTEGER'],
    ["INSERT INTO rw(text, bytes) VALUES ('a', 'b')", 'column bytes of table rw takes BLOB, not TEXT'],
    ['INSERT INTO rw(integer) VALUES (1)', 'datatype mismatch: column text of table rw was given NULL'],
    ["INSERT INTO rw(text, integer) VALUES ('a', 2147483648)", 'column integer is 2147483648'],
    ["INSERT INTO rw(rowid, text) VALUES (50, 'a')", "comes from the row's identity and cannot be set"],
    ["INSERT INTO rw_alias(text) VALUES ('a')", 'cannot modify rw_alias because it is a view'],
  ])('refuses %s', async (sql, message) => {
    await expect(run(sql)).rejects.toThrow(message)
    expect(stage.told).toEqual([])
    expect(await run('SELECT count(*) AS c FROM rw')).toEqual([{ c: 0 }])
  })

  it('does not let its row ids be set', async () => {
    await run("INSERT INTO rw(text) VALUES ('a')")
    await expect(run('UPDATE rw SET rowid = 60')).rejects.toThrow('cannot be set')
    expect(stage.told.length).toBe(1)
  })

  it('stops a change when its query is aborted, and takes the next one', async () => {
    stage.before = (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const stop = new AbortController()
    const stopped = database.query("INSERT INTO rw(text) VALUES ('a')", { signal: stop.signal })
    const outcome = expect(stopped).rejects.toThrow('enough')
    while (stage.told.length === 0) await new Promise(setImmediate)
    stop.abort(new Error('enough'))
    await outcome
    stage.before = async () => {}
    await run("INSERT INTO rw(text) VALUES ('b')")
    expect([...stage.rows.keys()]).toEqual(['b'])
  })

  it('must not ask the database that waits for it', async () => {
    stage.before = async () => {
      await database.query('SELECT 1')
    }
    await expect(run("INSERT INTO rw(text) VALUES ('a')")).rejects.toThrow('asked the database that is waiting for it')
  })
})

describe('a read-only table', () => {
  it.each(["INSERT INTO sample VALUES (2, 'x')", "UPDATE sample SET name = 'x'", 'DELETE FROM sample WHERE id = 1'])(
    'may not be modified: %s',
    async (sql) => {
      await expect(run(sql)).rejects.toThrow('table sample may not be modified')
    },
  )
})
