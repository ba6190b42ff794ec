/**
 * Stopping: from outside, from LIMIT, and from close. Whatever was opened is closed before the query settles.
 */
import { describe, expect, it } from 'vitest'
import { type BoundTable, integer, text } from '../../../../extension/sdk/index.ts'
import { openSql } from '../../../../extension/sdk/sql/index.ts'
import { tableOf, withSql } from './tables.ts'

const endless = 'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT sum(n) FROM c'
const reason = new Error('the user pressed a key')

/** Tables that tell what happens to them. */
function stage() {
  const events: string[] = []
  const started = Promise.withResolvers<void>()
  /** Gives `rows` rows, then waits until it is stopped. */
  const waiting = (name: string, rows: number): BoundTable =>
    tableOf(name, { n: integer('Number') }, ['n'], async function* ({ signal }) {
      try {
        for (let n = 0; n < rows; n++) yield { n }
        started.resolve()
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
      } finally {
        events.push(`${name} ${signal.aborted ? 'aborted' : 'not aborted'}`)
      }
    })
  const endlessRows = tableOf('rows', { n: integer('Number') }, ['n'], async function* ({ signal }) {
    try {
      for (let n = 0; ; n++) {
        if (n === 5000) started.resolve()
        if (n % 100 === 0) await new Promise(setImmediate)
        yield { n }
      }
    } finally {
      events.push(`rows ${signal.aborted ? 'aborted' : 'not aborted'}`)
    }
  })
  const deaf = tableOf('deaf', { n: integer('Number') }, ['n'], async function* () {
    started.resolve()
    await new Promise(() => {})
  })
  const slow = tableOf('slow', { n: integer('Number') }, ['n'], async function* ({ signal }) {
    try {
      yield { n: 1 }
      yield { n: 2 }
    } finally {
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
      events.push(`slow cleaned up, ${signal.aborted ? 'aborted' : 'not aborted'}`)
    }
  })
  const numbers = tableOf('numbers', { n: integer('Number') }, ['n'], async function* () {
    for (let n = 0; n < 1000; n++) yield { n }
  })
  return {
    events,
    started: started.promise,
    tables: [waiting('waiting', 0), waiting('dribble', 3), endlessRows, deaf, slow, numbers],
  }
}

const checkUsable = async (database: Awaited<ReturnType<typeof openSql>>) =>
  expect((await database.query('SELECT count(*) AS c, sum(n) AS s FROM numbers')).rows).toEqual([
    { c: 1000, s: 499_500 },
  ])

describe('an abort', () => {
  it('ends a computation inside SQLite', async () => {
    const { tables } = stage()
    await withSql(tables, async (database) => {
      const abort = new AbortController()
      const running = database.query(endless, { signal: abort.signal })
      setImmediate(() => abort.abort(reason))
      await expect(running).rejects.toBe(reason)
      await checkUsable(database)
    })
  })

  it.each(['waiting', 'dribble', 'rows'])('ends the table %s, which has cleaned up by then', async (name) => {
    const { tables, started, events } = stage()
    await withSql(tables, async (database) => {
      const abort = new AbortController()
      const running = database.query(`SELECT sum(n) FROM ${name}`, { signal: abort.signal })
      void started.then(() => abort.abort(reason))
      await expect(running).rejects.toBe(reason)
      expect(events).toEqual([`${name} aborted`])
      await checkUsable(database)
    })
  })

  it('does not wait long for a table that does not listen, and later queries do not wait for it at all', async () => {
    const { tables, started } = stage()
    await withSql(
      tables,
      async (database) => {
        const abort = new AbortController()
        const running = database.query('SELECT * FROM deaf', { signal: abort.signal })
        void started.then(() => abort.abort(reason))
        await expect(running).rejects.toBe(reason)
        await checkUsable(database)
      },
      { graceMs: 20 },
    )
  })

  it('before the start runs nothing', async () => {
    const { tables, events } = stage()
    await withSql(tables, async (database) => {
      await expect(database.query('SELECT * FROM waiting', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      expect(events).toEqual([])
      await checkUsable(database)
    })
  })

  it('of a query that waits for its turn ends it at once and runs nothing', async () => {
    const { tables, started, events } = stage()
    await withSql(tables, async (database) => {
      const first = new AbortController()
      const running = database.query('SELECT * FROM waiting', { signal: first.signal })
      await started
      const second = new AbortController()
      const waiting = database.query('SELECT * FROM rows', { signal: second.signal })
      const third = database.query('SELECT 3 AS three')
      second.abort(reason)
      await expect(waiting).rejects.toBe(reason)
      expect(events).toEqual([])
      first.abort(reason)
      await expect(running).rejects.toBe(reason)
      expect((await third).rows).toEqual([{ three: 3 }])
      expect(events).toEqual(['waiting aborted'])
    })
  })

  it('after the end changes nothing', async () => {
    const { tables } = stage()
    await withSql(tables, async (database) => {
      const abort = new AbortController()
      await database.query('SELECT 1', { signal: abort.signal })
      const next = database.query('SELECT sum(n) AS s FROM numbers')
      abort.abort(reason)
      expect((await next).rows).toEqual([{ s: 499_500 }])
    })
  })

  it('at any moment leaves no stale answer behind', async () => {
    const { tables } = stage()
    await withSql(tables, async (database) => {
      for (let turn = 0; turn < 60; turn++) {
        const abort = new AbortController()
        const running = database.query('SELECT count(*) AS c FROM rows JOIN numbers USING (n)', {
          signal: abort.signal,
        })
        const settled = expect(running).rejects.toBe(reason)
        for (let tick = 0; tick < turn % 30; tick++) await new Promise(setImmediate)
        abort.abort(reason)
        const next = await database.query('SELECT n FROM numbers WHERE n = ?', { params: [turn] })
        await settled
        expect(next.rows).toEqual([{ n: turn }])
      }
      await checkUsable(database)
    })
  })

  it('leaves no listener on the signal', async () => {
    const { tables } = stage()
    await withSql(tables, async (database) => {
      const { signal } = new AbortController()
      let listeners = 0
      const add = signal.addEventListener.bind(signal)
      const remove = signal.removeEventListener.bind(signal)
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        listeners++
        add(...args)
      }
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        listeners--
        remove(...args)
      }
      for (let turn = 0; turn < 20; turn++) await database.query('SELECT * FROM numbers', { signal })
      expect(listeners).toBe(0)
    })
  })
})

describe('LIMIT', () => {
  it('ends the table early, and the table has cleaned up when the query resolves', async () => {
    const { tables, events } = stage()
    await withSql(tables, async (database) => {
      expect((await database.query('SELECT n FROM rows LIMIT 1')).rows).toEqual([{ n: 0 }])
      expect(events).toEqual(['rows aborted'])
      expect((await database.query('SELECT n FROM slow LIMIT 1')).rows).toEqual([{ n: 1 }])
      expect(events.at(-1)).toMatch(/^slow cleaned up/)
    })
  })

  it('is content with the rows a waiting table has given', async () => {
    const { tables, events } = stage()
    await withSql(tables, async (database) => {
      expect((await database.query('SELECT n FROM dribble LIMIT 3')).rows).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }])
      expect(events).toEqual(['dribble aborted'])
    })
  })
})

describe('close', () => {
  it('rejects what runs and what waits, stops tables, and may be called again', async () => {
    const { tables, started, events } = stage()
    const database = await openSql(tables)
    const queries = Promise.allSettled([database.query('SELECT * FROM waiting'), database.query('SELECT 1')])
    await started
    await Promise.all([database.close(), database.close()])
    expect(events).toEqual(['waiting aborted'])
    for (const result of await queries) expect(result).toMatchObject({ reason: { message: 'the database was closed' } })
    await expect(database.query('SELECT 1')).rejects.toThrow('the database was closed')
    await expect(database.columns('SELECT 1')).rejects.toThrow('the database was closed')
    await database.close()
  })

  it('works from inside a table', async () => {
    const holder: { close?: () => Promise<void> } = {}
    const closing = tableOf('closing', { t: text('Text') }, ['t'], async function* () {
      void holder.close?.()
      yield { t: 'x' }
    })
    const database = await openSql([closing])
    holder.close = () => database.close()
    await expect(database.query('SELECT * FROM closing')).rejects.toThrow('the database was closed')
    await database.close()
  })
})
