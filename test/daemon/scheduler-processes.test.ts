/**
 * The schedule over real processes: an osquery that a query kills and another hangs, and a daemon that a query kills.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { OsqueryEngine } from '../../daemon/engine/osquery-engine.ts'
import { schedulePart } from '../../daemon/schedule/schedule-state.ts'
import { Scheduler } from '../../daemon/scheduler.ts'
import type { Alarm, Clock } from '../../extension/runtime/clock.ts'
import { systemAlarm } from '../../extension/runtime/clock.ts'
import { testStore } from '../support/daemon/memory-store.ts'
import { CoreProcess } from './support/core-process.ts'
import { dangerousExtension } from './support/dangerous-tables.ts'
import { scheduledQuery } from './support/queries.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scheduler-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A minute in a second. */
const pace = 60
const begin = Date.now()
const fast: Clock & Alarm = {
  nowMs: () => begin + (Date.now() - begin) * pace,
  after: (ms, ring) => systemAlarm.after(ms / pace, ring),
}

it('an osquery killed by one query and held by another: both are off, and the others go on when it is back', async () => {
  const socket = join(folder, 'em')
  const core = await CoreProcess.start(socket, dangerousExtension)
  const gone = once(core.child, 'exit')
  const engine = new OsqueryEngine({ socket })
  let waiting: { readonly name: string; resolve(): void } | undefined
  const run = async (name: string) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting = { name, resolve }
    await promise
  }
  const scheduler = new Scheduler({
    engine,
    store: testStore([schedulePart]),
    host: { name: 'host', platform: 'linux' },
    deliver: async ({ name }) => {
      if (waiting?.name === name) waiting.resolve()
    },
    log: pino({ level: 'silent' }),
    cpuShare: 1,
    clock: fast,
    alarm: fast,
  })
  const patient = { timeoutMs: 3_600_000 }
  scheduler.start([
    scheduledQuery({ name: 'hanging', sql: 'SELECT * FROM hanging', timeoutMs: 30_000, startupPriority: 0 }),
    scheduledQuery({ name: 'deadly', sql: 'SELECT * FROM deadly', startupPriority: 1, ...patient }),
    scheduledQuery({ name: 'core', sql: 'SELECT version FROM osquery_info', due: { every: 1 }, ...patient }),
  ])
  await gone
  const again = await CoreProcess.start(socket)
  await run('core')
  expect(scheduler.standings().map(({ name, state, reason }) => [name, state, reason])).toEqual([
    ['core', expect.stringMatching(/waiting|running/), undefined],
    ['deadly', 'denylisted', expect.stringContaining('went away in the middle of it')],
    ['hanging', 'denylisted', expect.stringContaining('did not answer in time')],
  ])
  await scheduler.stop(1000)
  await engine.close()
  await again.end()
})

it('a daemon that a query killed twice leaves it out the third time, says why, and does the rest', async () => {
  const start = async () => {
    const program = join(import.meta.dirname, 'support/mortal-scheduler.ts')
    const child = spawn(process.execPath, [program, join(folder, 'state.db')], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [output, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    return { output, code: code as number | null, signal: signal as string | null }
  }
  expect(await start()).toMatchObject({ signal: 'SIGKILL' })
  expect(await start()).toMatchObject({ signal: 'SIGKILL' })
  const { output, code } = await start()
  expect(code).toBe(0)
  expect(JSON.parse(output)).toMatchObject([
    { name: 'deadly', state: 'denylisted', reason: 'this process ended 2 times while the query ran' },
    { name: 'good', state: 'waiting', record: { runs: 1, failures: 0, lastRows: 2 } },
  ])
})
