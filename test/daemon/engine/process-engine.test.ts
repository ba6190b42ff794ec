/**
 * The engine in a process of its own: there while it is needed, gone with all its memory, and the one that pays.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { ProcessEngine, type ProcessEngineOptions } from '../../../daemon/engine/process-engine.ts'
import { HeldAlarm } from '../support/held-alarm.ts'

const plenty = { maxRows: 1000, maxCellBytes: 1000, maxBytes: 100_000 }
const never = new AbortController().signal
const program = join(import.meta.dirname, '../support/served-engine.ts')

const engines: ProcessEngine[] = []
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close()
})

function engineOf(options: Partial<ProcessEngineOptions> = {}): ProcessEngine {
  const engine = new ProcessEngine({ command: process.execPath, args: [program], ...options })
  engines.push(engine)
  return engine
}

const isThere = (pid: number | undefined) => {
  try {
    return pid !== undefined && process.kill(pid, 0)
  } catch {
    return false
  }
}

it('answers as the engine in it does, errors included, and tells what it spent', async () => {
  const engine = engineOf()
  const sql = 'SELECT name, big FROM good_values WHERE small = 7'
  expect(await engine.query(sql, plenty, never)).toEqual({
    columns: [
      { name: 'name', type: 'TEXT' },
      { name: 'big', type: 'BIGINT' },
    ],
    rows: [{ name: 'one', big: '9223372036854775807' }],
  })
  await expect(engine.query('SELECT * FROM failing', plenty, never)).rejects.toMatchObject({
    name: 'EngineError',
    code: 'sql',
    message: 'cannot run "SELECT * FROM failing": the disk is on fire',
  })
  expect(engine.cpuMs()).toBeGreaterThan(0)
})

it('is a process only while it is asked, and for a while', async () => {
  const alarm = new HeldAlarm()
  const engine = engineOf({ alarm, idleMs: 1234 })
  expect(engine.pid).toBeUndefined()
  await engine.query('SELECT 1', plenty, never)
  const { pid } = engine
  expect(isThere(pid)).toBe(true)
  const spent = engine.cpuMs()
  expect(alarm.waits).toEqual([1234])
  alarm.ring()
  expect([engine.pid, engine.cpuMs()]).toEqual([undefined, spent])
  expect((await engine.query('SELECT 1 AS one', plenty, never)).rows).toEqual([{ one: '1' }])
  expect(engine.pid).not.toBe(pid)
  await engine.close()
  await expect(engine.query('SELECT 1', plenty, never)).rejects.toMatchObject({ code: 'unreachable' })
})

describe('a query that', () => {
  it('kills the process is told so, and the next one gets another', async () => {
    const engine = engineOf()
    await expect(engine.query('SELECT * FROM deadly', plenty, never)).rejects.toMatchObject({
      code: 'unreachable',
      isInterrupted: true,
      message: 'cannot run "SELECT * FROM deadly": its process was ended by SIGKILL',
    })
    expect((await engine.query('SELECT 1 AS one', plenty, never)).rows).toEqual([{ one: '1' }])
  })

  it('hangs is stopped, and the process goes on', async () => {
    const engine = engineOf()
    await engine.query('SELECT 1', plenty, never)
    const { pid } = engine
    const deadline = new AbortController()
    const running = expect(engine.query('SELECT * FROM hanging', plenty, deadline.signal)).rejects.toMatchObject({
      code: 'stalled',
    })
    await engine.query('SELECT 2', plenty, never)
    deadline.abort()
    await running
    await engine.query('SELECT 3', plenty, never)
    expect(engine.pid).toBe(pid)
  })

  it('holds its thread is ended with the process, and what ran beside it is not blamed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holding-'))
    const engine = engineOf({ killMs: 100, env: { ...process.env, HOLDING_MARK: join(folder, 'mark') } })
    await engine.query('SELECT 1', plenty, never)
    const changes = watch(folder)
    const begun = changes.next()
    const deadline = new AbortController()
    const beside = expect(engine.query('SELECT * FROM hanging', plenty, never)).rejects.toMatchObject({
      code: 'unreachable',
      isInterrupted: false,
    })
    const holding = expect(engine.query('SELECT * FROM holding', plenty, deadline.signal)).rejects.toMatchObject({
      code: 'stalled',
    })
    await begun
    deadline.abort()
    await Promise.all([holding, beside])
    await changes.return?.()
    rmSync(folder, { recursive: true })
    expect((await engine.query('SELECT 1 AS one', plenty, never)).rows).toEqual([{ one: '1' }])
  })
})

it('a program that cannot be started is named', async () => {
  const engine = engineOf({ command: join(import.meta.dirname, 'no-such-program') })
  await expect(engine.query('SELECT 1', plenty, never)).rejects.toMatchObject({
    code: 'unreachable',
    isInterrupted: false,
    message: expect.stringMatching(/no-such-program" cannot be started: .*ENOENT/),
  })
})

it('a program that is something else is named too', async () => {
  const engine = engineOf({ args: ['-e', 'process.exit(3)'] })
  await expect(engine.query('SELECT 1', plenty, never)).rejects.toMatchObject({
    code: 'unreachable',
    message: 'cannot run "SELECT 1": its process ended with exit code 3',
  })
})
