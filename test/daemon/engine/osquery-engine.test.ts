/**
 * The engine over a core that is a process of its own, with an extension beside it: answers, budgets, deadlines, death.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OsqueryEngine } from '../../../daemon/engine/osquery-engine.ts'
import { CoreProcess } from '../support/core-process.ts'
import { dangerousExtension } from '../support/dangerous-tables.ts'

const plenty = { maxRows: 1000, maxCellBytes: 1000, maxBytes: 100_000 }
const never = new AbortController().signal

let folder: string
let socket: string
let core: CoreProcess
let engine: OsqueryEngine

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'engine-'))
  socket = join(folder, 'em')
  core = await CoreProcess.start(socket, dangerousExtension)
  engine = new OsqueryEngine({ socket })
})

afterAll(async () => {
  await engine.close()
  await core.end('SIGKILL') // a hanging table would hold up an orderly end
  rmSync(folder, { recursive: true, force: true })
})

describe('an answer', () => {
  it('has columns in the order of the query, types in upper case, and texts', async () => {
    const sql = 'SELECT small, name, big, share, none, big + 1 AS more, count(*) AS n FROM good_values'
    expect(await engine.query(sql, plenty, never)).toEqual({
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
    const { rows } = await engine.query('SELECT small, name, big FROM good_values', plenty, never)
    expect(rows.map((row) => Object.keys(row))).toEqual([
      ['small', 'name', 'big'],
      ['small', 'name', 'big'],
    ])
  })

  it('of several columns of one name has one, as osquery', async () => {
    const sql = "SELECT name, name FROM good_values WHERE name = 'one'"
    expect(await engine.query(sql, plenty, never)).toEqual({
      columns: [{ name: 'name', type: 'TEXT' }],
      rows: [{ name: 'one' }],
    })
  })

  it('without rows still has columns', async () => {
    const sql = "SELECT name FROM good_values WHERE name = 'nobody'"
    expect(await engine.query(sql, plenty, never)).toEqual({ columns: [{ name: 'name', type: 'TEXT' }], rows: [] })
  })

  it('keeps to the budget and says what it left out', async () => {
    const result = await engine.query('SELECT n FROM many_rows', { ...plenty, maxRows: 10 }, never)
    expect(result.rows).toHaveLength(10)
    expect(result.truncated).toBe('rows after the first 10 were left out')
    const { rows } = await engine.query('SELECT content FROM heavy_cell', plenty, never)
    expect(rows).toEqual([{ content: `${'x'.repeat(1000)}... [cut: 50000000 bytes]` }])
  })

  it('tells the version of osquery', async () => {
    expect(await engine.version(never)).toBe('5.23.1')
  })
})

describe('a query that fails', () => {
  it('says what osquery said', async () => {
    await expect(engine.query('SELECT * FROM no_such', plenty, never)).rejects.toMatchObject({
      name: 'EngineError',
      code: 'sql',
      message: 'cannot run "SELECT * FROM no_such": osquery said "no such table: no_such"',
    })
    await expect(engine.query('SELECT * FROM failing', plenty, never)).rejects.toMatchObject({
      code: 'sql',
      message: expect.stringContaining('the disk is on fire'),
    })
  })

  it('by its deadline is stalled, and others are answered meanwhile', async () => {
    const deadline = new AbortController()
    const running = engine.query('SELECT * FROM hanging', plenty, deadline.signal)
    const failed = expect(running).rejects.toMatchObject({ code: 'stalled', isInterrupted: false })
    expect((await engine.query('SELECT 1 AS one', plenty, never)).rows).toEqual([{ one: '1' }])
    deadline.abort(new Error('too long'))
    await failed
  })

  it('because nobody is there is unreachable, and names the remedy', async () => {
    const nobody = new OsqueryEngine({ socket: join(folder, 'nobody') })
    await expect(nobody.query('SELECT 1', plenty, never)).rejects.toMatchObject({
      code: 'unreachable',
      isInterrupted: false,
      message: expect.stringMatching(/no osquery at ".*nobody".*check that osqueryd runs/),
    })
  })
})

it('a query that ends osquery is told from one that nobody answered, and the next osquery is reached', async () => {
  const place = join(folder, 'second')
  const second = new OsqueryEngine({ socket: place })
  const first = await CoreProcess.start(place, dangerousExtension)
  await expect(second.query('SELECT * FROM deadly', plenty, never)).rejects.toMatchObject({
    code: 'unreachable',
    isInterrupted: true,
    message: expect.stringContaining('went away in the middle of it'),
  })
  await first.end()
  await expect(second.query('SELECT 1', plenty, never)).rejects.toMatchObject({ isInterrupted: false })
  await using _again = await CoreProcess.start(place)
  expect((await second.query('SELECT 1 AS one', plenty, never)).rows).toEqual([{ one: '1' }])
})

it('a closed engine answers nobody', async () => {
  const closed = new OsqueryEngine({ socket })
  const running = closed.query('SELECT * FROM hanging', plenty, never)
  const failed = expect(running).rejects.toMatchObject({ code: 'stalled' })
  await closed.close()
  await failed
})
