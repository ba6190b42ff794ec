/** Real processes on a live Linux, through the command: named while they run, and not after. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { carrierBlob } from '../support/carrier-payload.ts'
import { threecx } from '../support/command.ts'
import { LiveProcesses, patienceSeconds } from '../support/live-process.ts'

type Row = Record<string, unknown>

const processes = new LiveProcesses()
let directory: string
let agent: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-live-'))
  mkdirSync(join(directory, '3CX Desktop App'))
  agent = join(directory, '3CX Desktop App', 'UpdateAgent')
  if (process.platform === 'linux') copyFileSync('/bin/sleep', agent)
})

afterEach(async () => {
  await processes.end()
  rmSync(directory, { recursive: true })
})

async function rows(sql: string): Promise<Row[]> {
  const ended = await threecx(join(directory, 'state'), ['query', sql, '--format', 'json'])
  if (ended.exit !== 0) throw new Error(ended.stderr)
  return JSON.parse(ended.stdout)
}

const ours = () => rows(`SELECT * FROM threecx_processes WHERE cmdline LIKE '%${directory}/3CX%' ORDER BY pid`)

/** Asks until the answer has so many rows: what is started by what was started takes its time. */
async function until(count: number, ask: () => Promise<Row[]>): Promise<Row[]> {
  for (const deadline = Date.now() + 30_000; ; await wait(50)) {
    const found = await ask()
    if (found.length === count) return found
    if (Date.now() > deadline) throw new Error(`expected ${count} rows; found ${JSON.stringify(found)}`)
  }
}

async function verdict() {
  const [row] = await rows('SELECT verdict, level, stage, processes, reasons FROM threecx_verdict')
  return row as { verdict: string; level: string; stage: string; processes: number; reasons: string }
}

describe.skipIf(process.platform !== 'linux')('on a live Linux', () => {
  it('the second stage is a row, its host is compromised, and neither is said after its end', async () => {
    const pid = await processes.start(agent, [String(patienceSeconds)])
    expect(await ours()).toMatchObject([
      {
        pid,
        parent: process.pid,
        path: agent,
        image: agent,
        uid: process.getuid?.(),
        verdict: 'malicious',
        level: 'critical',
        component: 'UpdateAgent',
        stage: 'macos_second_stage',
        matched_by: 'path',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ])
    const judged = await verdict()
    expect(judged).toMatchObject({ verdict: 'compromised', level: 'critical' })
    expect(judged.reasons).toContain(`running: ${agent} (process ${pid}`)
    await processes.end()
    expect(await ours()).toEqual([])
    expect((await verdict()).reasons).not.toContain(directory)
  })

  it('the second stage is a row after it removed its own file, with the digest of what still runs', async () => {
    const pid = await processes.start(agent, [String(patienceSeconds)])
    const [before] = await ours()
    rmSync(agent)
    const [after] = await ours()
    expect(after).toMatchObject({ pid, path: agent, verdict: 'malicious', sha256: before?.['sha256'] })
    expect(JSON.parse(String(after?.['evidence']))).toMatchObject([{ fields: { deleted: true } }])
  })

  it('the shell that starts the second stage is a row by the published parts of its command', async () => {
    const pid = await processes.start('/bin/sh', ['-c', `"${agent}" ${patienceSeconds} >/dev/null 2>&1; true`], 'sh')
    const found = await until(2, ours)
    const shell = found.find((row) => row['pid'] === pid)
    expect(shell).toMatchObject({ verdict: 'suspicious', level: 'high', matched_by: 'command_line', name: 'sh' })
    expect(shell?.['indicators']).toBe('["3cx/sophos-2023-03/1"]')
    expect(found.find((row) => row['parent'] === pid)).toMatchObject({ path: agent, verdict: 'malicious' })
  })

  it('a query that names the second stage does not report itself', async () => {
    const named = `SELECT pid, cmdline FROM threecx_processes WHERE '${agent}' != '' AND cmdline LIKE '%${directory}%'`
    expect(await rows(named)).toEqual([])
  })

  it('the loader in memory of no file is a row under its published name, and its host is compromised', async ({
    skip,
  }) => {
    if (spawnSync('python3', ['--version']).status !== 0) return skip('there is no python3 to hold the memory')
    if (!mayReadMemory()) return skip('this kernel shows the memory of a process to its parents and root only')
    const pid = await processes.startWithMemory(carrierBlob())
    const ask = () => rows(`SELECT * FROM threecx_processes WHERE pid = ${pid}`)
    const [row] = await ask()
    expect(row).toMatchObject({
      verdict: 'malicious',
      level: 'critical',
      stage: 'memory_payload',
      detection: 'Mem/Loader-AH',
      matched_by: 'memory',
    })
    const [evidence] = JSON.parse(String(row?.['evidence']))
    expect(evidence).toMatchObject({
      type: 'memory',
      fields: { mapping: expect.stringMatching(/ rwxp anonymous$/), export_hash: '0xf558f4da', pe_header: true },
    })
    const judged = await verdict()
    expect(judged.verdict).toBe('compromised')
    expect(judged.reasons).toContain(`(process ${pid}`)
    await processes.end()
    expect(await ask()).toEqual([])
    expect((await verdict()).reasons).not.toContain(`(process ${pid}`)
  })
})

/** Yama lets a process read those it started and no others; root may read all. */
function mayReadMemory(): boolean {
  if (process.getuid?.() === 0) return true
  try {
    return readFileSync('/proc/sys/kernel/yama/ptrace_scope', 'utf8').trim() === '0'
  } catch {
    return true // a kernel without it
  }
}
