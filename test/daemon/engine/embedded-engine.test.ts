/**
 * The embedded engine: the same texts as osquery, opened when needed, closed when idle, and unharmed by a query that
 * hangs or is too large.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { EmbeddedEngine, type EmbeddedEngineOptions } from '../../../daemon/engine/embedded-engine.ts'
import { followedVersion } from '../../../daemon/engine/followed-version.ts'
import { dangerousTables } from '../support/dangerous-tables.ts'
import { HeldAlarm } from '../support/held-alarm.ts'

const plenty = { maxRows: 1000, maxCellBytes: 1000, maxBytes: 100_000 }
const never = new AbortController().signal
const extension = { name: 'threecx_hunter', version: '1.2.3' }

const engines: EmbeddedEngine[] = []
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close()
})

function engineOf(options: Partial<EmbeddedEngineOptions> = {}): EmbeddedEngine {
  const engine = new EmbeddedEngine({
    extension,
    open: async () => ({ tables: dangerousTables(), close: () => {} }),
    graceMs: 50,
    stopMs: 50,
    ...options,
  })
  engines.push(engine)
  return engine
}

describe('an answer', () => {
  it('has columns, types and texts as osquery', async () => {
    const sql = 'SELECT small, name, big, share, none, big + 1 AS more, count(*) AS n FROM good_values'
    expect(await engineOf().query(sql, plenty, never)).toEqual({
      columns: [
        { name: 'small', type: 'INTEGER' },
        { name: 'name', type: 'TEXT' },
        { name: 'big', type: 'BIGINT' },
        { name: 'share', type: 'DOUBLE' },
        { name: 'none', type: 'TEXT' },
        { name: 'more', type: 'BIGINT' },
        { name: 'n', type: 'BIGINT' },
      ],
      rows: [
        {
          small: '7',
          name: 'one',
          big: '9223372036854775807',
          share: '3.0',
          none: '',
          more: '9.22337203685478e+18',
          n: '2',
        },
      ],
    })
  })

  it('of several columns of one name has the last', async () => {
    const sql = "SELECT name, small AS name FROM good_values WHERE name = 'one'"
    expect(await engineOf().query(sql, plenty, never)).toEqual({
      columns: [{ name: 'name', type: 'INTEGER' }],
      rows: [{ name: '7' }],
    })
  })

  it('keeps to the budget and says what it left out', async () => {
    const engine = engineOf()
    const result = await engine.query('SELECT n FROM many_rows', { ...plenty, maxRows: 10 }, never)
    expect(result.rows).toHaveLength(10)
    expect(result.truncated).toBe('rows after the first 10 were left out')
    const { rows } = await engine.query('SELECT content FROM heavy_cell', plenty, never)
    expect(rows).toEqual([{ content: `${'x'.repeat(1000)}... [cut: 50000000 bytes]` }])
  })
})

describe('what packs ask first', () => {
  it.each([
    "SELECT 1 FROM osquery_registry WHERE registry = 'table' AND name = 'good_values'",
    "SELECT 1 FROM osquery_extensions WHERE name = 'threecx_hunter' AND version = '1.2.3'",
    `SELECT 1 FROM osquery_info WHERE version = '${followedVersion}'`,
    "SELECT 1 FROM system_info WHERE hostname <> '' AND physical_memory > 0",
    "SELECT 1 FROM os_version WHERE name <> '' AND platform <> ''",
  ])('%s', async (sql) => {
    expect((await engineOf().query(sql, plenty, never)).rows).toHaveLength(1)
  })

  it('other tables of osquery are not there, and that is an error of the query', async () => {
    await expect(engineOf().query('SELECT * FROM processes', plenty, never)).rejects.toMatchObject({
      code: 'sql',
      message: 'cannot run "SELECT * FROM processes": no such table: processes',
    })
    expect(await engineOf().version()).toBe(followedVersion)
  })
})

describe('a query that stalls', () => {
  it('in a table is ended at its deadline, and others go on beside and after it', async () => {
    const engine = engineOf()
    const deadline = new AbortController()
    const running = engine.query('SELECT * FROM hanging', plenty, deadline.signal)
    const failed = expect(running).rejects.toMatchObject({ code: 'stalled' })
    expect((await engine.query('SELECT 1 AS one', plenty, never)).rows).toEqual([{ one: '1' }])
    deadline.abort(new Error('too long'))
    await failed
    expect((await engine.query('SELECT 2 AS two', plenty, never)).rows).toEqual([{ two: '2' }])
  })

  it('inside one function of SQLite is ended with its thread', async () => {
    const engine = engineOf()
    const deadline = new AbortController()
    const stuck = "SELECT instr(hex(zeroblob(1000000)), hex(zeroblob(500000)) || '1')"
    const running = engine.query(stuck, plenty, deadline.signal)
    const failed = expect(running).rejects.toMatchObject({ code: 'stalled' })
    await engine.query('SELECT 1', plenty, never)
    deadline.abort(new Error('too long'))
    await failed
    expect((await engine.query('SELECT 2 AS two', plenty, never)).rows).toEqual([{ two: '2' }])
  })
})

describe('tables', () => {
  it('are opened anew by the next query when other indicators are in force, and not under a query that runs', async () => {
    let opened = 0
    let newest = 1
    const engine = engineOf({
      open: async () => {
        const generation = ++opened
        return {
          tables: dangerousTables(),
          get isOutdated() {
            return generation < newest
          },
          close: () => {},
        }
      },
    })
    await engine.query('SELECT 1', plenty, never)
    await engine.query('SELECT 1', plenty, never)
    expect(opened).toBe(1)
    newest = 2
    const deadline = new AbortController()
    const held = engine.query('SELECT * FROM hanging', plenty, deadline.signal).catch(() => {})
    await engine.query('SELECT 1', plenty, never)
    expect(opened).toBe(2)
    newest = 3
    await engine.query('SELECT 1', plenty, never)
    expect(opened).toBe(2)
    deadline.abort(new Error('too long'))
    await held
    await engine.query('SELECT 1', plenty, never)
    expect(opened).toBe(3)
  })

  it('are opened for the first query, closed when nobody asks, and opened again', async () => {
    const alarm = new HeldAlarm()
    let opened = 0
    let closed = 0
    const closing = Promise.withResolvers<void>()
    const engine = engineOf({
      alarm,
      idleMs: 1000,
      open: async () => {
        opened++
        return {
          tables: dangerousTables(),
          close: () => {
            closed++
            closing.resolve()
          },
        }
      },
    })
    expect(opened).toBe(0)
    await engine.query('SELECT 1', plenty, never)
    await engine.query('SELECT 1', plenty, never)
    expect([opened, closed, alarm.waits]).toEqual([1, 0, [1000]])
    alarm.ring()
    await closing.promise
    expect(engine.isOpen).toBe(false)
    await engine.query('SELECT 1', plenty, never)
    expect([opened, closed]).toEqual([2, 1])
  })

  it('are opened anew for a query that finds them too old, and not under one that uses them', async () => {
    let opened = 0
    let nowMs = 0
    const engine = engineOf({
      maxAgeMs: 1000,
      clock: { nowMs: () => nowMs },
      open: async () => {
        opened++
        return { tables: dangerousTables(), close: () => {} }
      },
    })
    const ask = () => engine.query('SELECT name FROM good_values', plenty, never)
    await ask()
    nowMs = 1000
    await ask()
    expect(opened).toBe(1)
    nowMs = 1001
    await Promise.all([ask(), ask()])
    expect(opened).toBe(2)
  })

  it('that cannot be opened are tried again by the next query', async () => {
    let tries = 0
    const engine = engineOf({
      open: async () => {
        tries++
        if (tries === 1) throw new Error('no indicators')
        return { tables: [], close: () => {} }
      },
    })
    await expect(engine.query('SELECT 1', plenty, never)).rejects.toMatchObject({
      code: 'unreachable',
      message: 'cannot open the tables: no indicators',
    })
    expect((await engine.query('SELECT 1 AS one', plenty, never)).rows).toEqual([{ one: '1' }])
  })
})

it('what a table throws is an error of the query', async () => {
  await expect(engineOf().query('SELECT * FROM failing', plenty, never)).rejects.toMatchObject({
    code: 'sql',
    message: 'cannot run "SELECT * FROM failing": the disk is on fire',
  })
})
