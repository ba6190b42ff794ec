/**
 * Everything that goes wrong is said to the caller, and the database answers the next query.
 */
import type { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { bigint, integer, text } from '../../../../extension/sdk/index.ts'
import { openSql, type SqlDatabase } from '../../../../extension/sdk/sql/index.ts'
import { tableOf, withSql } from './tables.ts'

/** Every worker that was started, so that a test can end one as a crash would. */
const workers = vi.hoisted(() => [] as Worker[])
vi.mock('node:worker_threads', async (original) => {
  const real = await original<typeof import('node:worker_threads')>()
  return {
    ...real,
    Worker: class extends real.Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args)
        workers.push(this)
      }
    },
  }
})

const numbers = tableOf('numbers', { n: integer('Number') }, ['n'], async function* () {
  for (let n = 0; n < 10; n++) yield { n }
})
const thrown = new RangeError('disk caught fire')
const failing = tableOf('failing', { n: integer('Number') }, ['n'], async function* () {
  yield { n: 1 }
  yield { n: 2 }
  throw thrown
})
const misfit = tableOf('misfit', { n: integer('Number') }, ['n'], async function* () {
  yield { n: 2 ** 40 }
})
const silent = tableOf('silent', { n: integer('Number') }, ['n'], async function* () {
  yield { n: 1 }
  throw new TypeError()
})
const stubborn = tableOf('stubborn', { n: integer('Number') }, ['n'], async function* () {
  await new Promise(() => {}) // ignores its signal
})
const all = [numbers, failing, misfit, silent, stubborn]

describe('a failing table', () => {
  it('fails the query with its own message and is the cause', async () => {
    await withSql(all, async (database) => {
      await expect(database.query('SELECT * FROM failing')).rejects.toMatchObject({
        message: 'disk caught fire',
        cause: thrown,
      })
      await expect(database.query('SELECT * FROM numbers JOIN failing USING (n)')).rejects.toThrow('disk caught fire')
      await expect(database.query('SELECT * FROM misfit')).rejects.toThrow('table misfit: column n is 1099511627776')
      await expect(database.query('SELECT * FROM silent')).rejects.toThrow('TypeError')
      expect((await database.query('SELECT count(*) AS c FROM numbers')).rows).toEqual([{ c: 10 }])
    })
  })

  it('gives what it had to a query that wants no more', async () => {
    await withSql(all, async (database) => {
      expect((await database.query('SELECT n FROM numbers WHERE n IN (SELECT n FROM numbers) LIMIT 1')).rows).toEqual([
        { n: 0 },
      ])
    })
  })
})

describe('a bad statement', () => {
  let database: SqlDatabase
  beforeAll(async () => {
    database = await openSql(all)
  })
  afterAll(() => database.close())

  it.each([
    ['SELEC 1', 'near "SELEC": syntax error'],
    ['SELECT', 'incomplete input'],
    ['', 'there is no statement'],
    ['  -- nothing\n', 'there is no statement'],
    ['SELECT 1; SELECT 2', 'more than one statement'],
    ['SELECT 1; nonsense', 'more than one statement'],
    ["SELECT '\0'", 'the statement contains a NUL character'],
    ['SELECT * FROM nowhere', 'no such table: nowhere'],
    ['SELECT missing FROM numbers', 'no such column: missing'],
    ['SELECT * FROM module_0', 'no such table: module_0'],
    ["SELECT n FROM numbers WHERE n REGEXP 'a'", 'no such function: REGEXP'],
    ["SELECT n FROM numbers WHERE n MATCH 'a'", 'unable to use function MATCH'],
  ])('is refused: %j', async (sql, message) => {
    await expect(database.query(sql)).rejects.toThrow(message)
    expect((await database.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })

  it('may end with semicolons and comments', async () => {
    for (const sql of [
      'SELECT 1 AS a;',
      'SELECT 1 AS a; ;; ',
      'SELECT 1 AS a; -- done',
      '/* x */ SELECT 1 AS a /* y */;\n/* z */',
    ])
      expect((await database.query(sql)).rows).toEqual([{ a: 1 }])
  })
})

describe('a statement that does not only read', () => {
  it('is refused, and nothing has changed', async () => {
    await withSql(all, async (database) => {
      for (const sql of [
        'CREATE TABLE t (a)',
        'CREATE TEMP TABLE t (a)',
        'CREATE VIEW v AS SELECT 1',
        'CREATE VIRTUAL TABLE v USING fts5(a)',
        'DROP TABLE numbers',
        'INSERT INTO numbers VALUES (1)',
        'UPDATE numbers SET n = 1',
        'DELETE FROM numbers',
        'ALTER TABLE numbers RENAME TO x',
        "ATTACH ':memory:' AS other",
        'DETACH temp',
        'VACUUM',
        "VACUUM INTO '/tmp/x'",
        'ANALYZE',
        'BEGIN',
        'COMMIT',
        'SAVEPOINT s',
        'PRAGMA case_sensitive_like = 1',
        'PRAGMA writable_schema = 1',
        'PRAGMA user_version = 5',
        'PRAGMA query_only',
        'SELECT * FROM pragma_user_version',
        'INSERT INTO sqlite_schema VALUES (1,2,3,4,5)',
      ]) {
        await expect(database.query(sql), sql).rejects.toThrow(/only statements that read|may not be modified|cannot/)
      }
      expect(
        (await database.query("SELECT 'A' LIKE 'a' AS like_is_as_before, count(*) AS c FROM numbers")).rows,
      ).toEqual([{ like_is_as_before: 1, c: 10 }])
    })
  })

  it('does not take schema questions for writing', async () => {
    await withSql(all, async (database) => {
      expect((await database.query('PRAGMA table_info(numbers)')).rows.map((row) => row['name'])).toEqual(['n'])
      expect((await database.query("SELECT name FROM pragma_table_info('numbers')")).rows).toEqual([{ name: 'n' }])
      expect((await database.query('EXPLAIN QUERY PLAN SELECT * FROM numbers')).rows.length).toBe(1)
      expect((await database.query("SELECT value FROM json_each('[1,2]')")).rows).toEqual([{ value: 1 }, { value: 2 }])
    })
  })
})

describe('names', () => {
  it('may be SQL keywords, and those of tables SQLite brings along', async () => {
    const order = tableOf(
      'order',
      { group: text('Keyword'), select: bigint('Keyword', { aliases: ['from'] }) },
      ['group'],
      async function* (context) {
        if (context.mayMatch('group', 'g')) yield { group: 'g', select: 1 }
      },
      ['where', 'json_each'],
    )
    await withSql([order], async (database) => {
      expect((await database.query('SELECT "group", "from" FROM "order" WHERE "group" = \'g\'')).rows).toEqual([
        { group: 'g', from: 1 },
      ])
      expect((await database.query('SELECT "select" FROM "where"')).rows).toEqual([{ select: 1 }])
      expect((await database.query('SELECT "group" FROM json_each')).rows).toEqual([{ group: 'g' }])
      expect((await database.query("SELECT value FROM json_tree('[7]') WHERE type = 'integer'")).rows).toEqual([
        { value: 7 },
      ])
    })
  })

  it('must differ from table to table', async () => {
    await expect(openSql([numbers, numbers])).rejects.toThrow(
      'cannot create table numbers: table "numbers" already exists',
    )
    const twin = tableOf('twin', { n: integer('Number') }, ['n'], async function* () {}, ['numbers'])
    await expect(openSql([numbers, twin])).rejects.toThrow('cannot create table numbers')
  })

  it('of common table expressions hide tables for that query', async () => {
    await withSql([numbers], async (database) => {
      expect((await database.query('WITH numbers(n) AS (VALUES (42)) SELECT n FROM numbers')).rows).toEqual([{ n: 42 }])
      expect((await database.query('SELECT max(n) AS m FROM temp.numbers')).rows).toEqual([{ m: 9 }])
    })
  })
})

describe('a dead worker', () => {
  it('rejects the running, the waiting and the later queries', async () => {
    const database = await openSql(all, { graceMs: 0 })
    const running = database.query('SELECT * FROM stubborn')
    const waiting = database.query('SELECT 1')
    const both = Promise.allSettled([running, waiting])
    await workers.at(-1)?.terminate()
    for (const result of await both)
      expect(result).toMatchObject({ reason: { message: 'the SQL engine has ended; open a new database' } })
    await expect(database.query('SELECT 1')).rejects.toThrow('the SQL engine has ended')
    await database.close()
    await database.close()
  })

  it('says what it died of', async () => {
    const database = await openSql(all)
    const running = database.query(
      'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT sum(n) FROM c',
    )
    workers.at(-1)?.emit('error', new Error('out of memory'))
    await expect(running).rejects.toThrow('the SQL engine failed: out of memory')
    await expect(database.query('SELECT 1')).rejects.toThrow('the SQL engine failed: out of memory')
    await database.close()
  })
})

describe('a function that is declared', () => {
  it('lets a statement be prepared, and fails it when it is run', async () => {
    const database = await openSql([numbers], { declaredFunctions: ['regex_match'] })
    try {
      const sql = "SELECT regex_match(n, '1', 0) AS found FROM numbers"
      expect(await database.columns(sql)).toEqual(['found'])
      await expect(database.query(sql)).rejects.toThrow('regex_match cannot be run here')
      await expect(database.columns('SELECT regex_split(n) FROM numbers')).rejects.toThrow(
        'no such function: regex_split',
      )
    } finally {
      await database.close()
    }
  })
})
