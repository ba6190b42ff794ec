/**
 * Many queries, queries inside tables, and a main loop that never waits for SQL.
 */
import { describe, expect, it } from 'vitest'
import { bigint, integer, text } from '../../../../extension/sdk/index.ts'
import { openSql, type SqlDatabase } from '../../../../extension/sdk/sql/index.ts'
import { tableOf, withSql } from './tables.ts'

const numbers = tableOf(
  'numbers',
  { n: integer('Number', { index: true }), t: text('Text') },
  ['n'],
  async function* (context) {
    for (let n = 0; n < 1000; n++) {
      if (n % 400 === 0) await new Promise(setImmediate)
      if (context.mayMatch('n', n)) yield { n, t: `row ${n}` }
    }
  },
)

describe('queries at the same time', () => {
  it('each get their own answer', async () => {
    await withSql([numbers], async (database) => {
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, n) =>
          n % 7 === 0
            ? database.query('SELEC').catch(() => 'refused')
            : database.query('SELECT t FROM numbers WHERE n = ?', { params: [n] }).then(({ rows }) => rows[0]?.['t']),
        ),
      )
      expect(answers).toEqual(answers.map((_, n) => (n % 7 === 0 ? 'refused' : `row ${n}`)))
    })
  })

  it('of several databases do not meet', async () => {
    await withSql([numbers], (one) =>
      withSql([numbers], async (other) => {
        const [a, b] = await Promise.all([
          one.query('SELECT sum(n) AS s FROM numbers'),
          other.query('SELECT count(*) AS c FROM numbers'),
        ])
        expect([a.rows, b.rows]).toEqual([[{ s: 499_500 }], [{ c: 1000 }]])
      }),
    )
  })
})

describe('a query inside a table', () => {
  const asking = (name: string, ask: () => Promise<unknown>) =>
    tableOf(name, { answer: text('Answer') }, ['answer'], async function* () {
      yield { answer: JSON.stringify(await ask()) }
    })

  it('is refused on the database that waits for the table, instead of waiting for ever', async () => {
    const holder: { database?: SqlDatabase } = {}
    const table = asking('nested', async () => holder.database?.query('SELECT 1'))
    holder.database = await openSql([table])
    await expect(holder.database.query('SELECT * FROM nested')).rejects.toThrow(
      'a table asked the database that is waiting for it',
    )
    expect((await holder.database.query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }])
    await holder.database.close()
  })

  it('works on another database, and is refused around a corner', async () => {
    const holder: { outer?: SqlDatabase } = {}
    const inner = await openSql([numbers, asking('back', async () => holder.outer?.query('SELECT 1'))])
    const outer = await openSql([
      asking('fine', async () => (await inner.query('SELECT max(n) AS m FROM numbers')).rows),
      asking('circle', async () => inner.query('SELECT * FROM back')),
    ])
    holder.outer = outer
    expect((await outer.query('SELECT * FROM fine')).rows).toEqual([{ answer: '[{"m":999}]' }])
    await expect(outer.query('SELECT * FROM circle')).rejects.toThrow(
      'a table asked the database that is waiting for it',
    )
    await outer.close()
    await inner.close()
  })

  it('is welcome once the call that started it has ended', async () => {
    const holder: { database?: SqlDatabase; later?: Promise<unknown> } = {}
    const ended = Promise.withResolvers<void>()
    const starter = tableOf('starter', { t: text('Text') }, ['t'], async function* () {
      holder.later = ended.promise.then(() => holder.database?.query('SELECT 5 AS five'))
      yield { t: 'started' }
    })
    holder.database = await openSql([starter])
    await holder.database.query('SELECT * FROM starter')
    ended.resolve()
    expect(await holder.later).toMatchObject({ rows: [{ five: 5 }] })
    await holder.database.close()
  })
})

describe('the main loop', () => {
  it('turns while SQLite computes', async () => {
    await withSql([numbers], async (database) => {
      let turns = 0
      const timer = setInterval(() => turns++, 10)
      const { rows } = await database.query(
        'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000) SELECT count(*) AS c FROM c',
      )
      clearInterval(timer)
      expect(rows).toEqual([{ c: 1_000_000 }])
      expect(turns).toBeGreaterThan(5)
    })
  })
})

describe('large answers', () => {
  it('of 20,000 rows and ten columns arrive whole and in order', async () => {
    const columns = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`c${at}`, text('Column')]))
    const wide = tableOf('wide', { n: bigint('Number'), ...columns }, ['n'], async function* () {
      for (let n = 0; n < 20_000; n++) {
        yield { n, ...Object.fromEntries(Object.keys(columns).map((name, at) => [name, `${n}-${at}`])) }
      }
    })
    await withSql([wide], async (database) => {
      const { rows } = await database.query('SELECT * FROM wide')
      expect(rows.length).toBe(20_000)
      expect(rows.every((row, n) => row['n'] === n && row['c0'] === `${n}-0` && row['c8'] === `${n}-8`)).toBe(true)
    })
  })

  it('of thousands of queries do not make the memory of SQLite grow', async () => {
    const blobs = tableOf(
      'blobs',
      { n: integer('Number', { index: true, optimized: true }), t: text('Text') },
      ['n'],
      async function* () {
        for (let n = 0; n < 5; n++) yield { n, t: 'é'.repeat(40_000) }
      },
    )
    await withSql([blobs, numbers], async (database) => {
      const run = async (times: number) => {
        for (let turn = 0; turn < times; turn++) {
          await database.query("SELECT length(t), ? FROM blobs WHERE n IN (1, 2, ?) AND t LIKE '%é' LIMIT 2", {
            params: ['x'.repeat(80_000), turn],
          })
          await database.query('SELECT * FROM blobs WHERE nothing').catch(() => {})
        }
      }
      const settled = async () => (await database.query('SELECT n FROM numbers WHERE n = 1')).rows.length
      const growths: number[] = []
      await run(100)
      for (let round = 0; round < 4; round++) {
        const before = process.memoryUsage().rss
        await run(300)
        await settled()
        growths.push(process.memoryUsage().rss - before)
      }
      // A leak of one text per query would be 24 MB of WebAssembly memory and more, in every round. The heaps of this
      // process, which the system counts too, grow in some rounds and not in all.
      expect(Math.min(...growths)).toBeLessThan(12_000_000)
    })
  })
})
