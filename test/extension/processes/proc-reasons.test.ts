/** What a look at /proc leaves out: counted with its reason, and never at the cost of the rest. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultProcessBounds, Reasons } from '../../../extension/processes/bounds.ts'
import { lookAtProcesses } from '../../../extension/processes/look-at-processes.ts'
import type { ProcessParts } from '../../../extension/processes/parts.ts'
import { procProcesses } from '../../../extension/processes/proc-processes.ts'
import { ProgramFiles } from '../../../extension/processes/program-file.ts'
import { carrierBlob, smallLayout } from '../../support/carrier-payload.ts'
import { mapsLine, type PlannedProcess, plantProc, plantProcess } from '../../support/proc-tree.ts'
import { processParts } from '../../support/process-parts.ts'

const never = new AbortController().signal
const blob = carrierBlob({ layout: smallLayout })
const agent: PlannedProcess = { pid: 30, exe: '/x/3CX Desktop App/UpdateAgent (deleted)', arguments: ['x'] }
const ended = 'processes ended while they were looked at'

let proc: string
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'threecx-proc-'))
})
afterEach(() => rmSync(proc, { recursive: true }))

function look(processes: readonly PlannedProcess[], more: Partial<ProcessParts> = {}) {
  plantProc(proc, processes)
  return lookAtProcesses(processParts('linux', { proc, ownPid: 999, ...more }), never)
}

/** A process with the loader in its second mapping. */
function loader(pid: number): PlannedProcess {
  return {
    pid,
    exe: '/usr/bin/other',
    arguments: ['other'],
    maps: [mapsLine(0x10000, 0x1000, 'r-xp'), mapsLine(0x30000, 0x1000, 'r-xp')],
    memory: { [0x10000]: new Uint8Array(0x1000), [0x30000]: blob },
  }
}

describe('a bound', () => {
  it('on processes counts those beyond it, each', async () => {
    const many = Array.from({ length: 9 }, (_, index) => ({ ...agent, pid: 30 + index }))
    const { processes, seen, reasons } = await look(many, { bounds: { maxProcesses: 4 } })
    expect([processes.length, seen]).toEqual([4, 4])
    expect(reasons).toContainEqual({
      code: 'bounds',
      message: 'processes beyond the bound were not looked at',
      count: 5,
    })
  })

  it.each([
    ['lines', { maxMappings: 2 }, 1],
    ['bytes', { maxMapsBytes: 70_000 }, 1],
  ])('on %s of mappings is told once for each process that has more', async (_, bounds, count) => {
    const maps = Array.from({ length: 2000 }, (_, index) => mapsLine(0x100_0000 + 0x1000 * index, 0x1000, 'r-xp'))
    const { processes, reasons } = await look([{ ...loader(60), maps }, loader(61)], { bounds })
    expect(processes).toMatchObject([{ pid: 61, verdict: 'malicious' }])
    expect(reasons).toContainEqual({
      code: 'bounds',
      message: 'mappings of processes beyond the bound were not looked at',
      count,
    })
  })

  it('on memory leaves what is behind it unsearched, and says so', async () => {
    const { processes, reasons } = await look([loader(60)], { bounds: { maxProcessMemoryBytes: 0x1000 } })
    expect(processes).toEqual([])
    expect(reasons).toEqual([
      { code: 'bounds', message: 'memory of processes beyond the bound was not searched', count: 1 },
    ])
  })

  it('on time still tells what names tell', async () => {
    const { processes, reasons } = await look([loader(60), agent], { bounds: { deadlineMs: -1 } })
    expect(processes).toMatchObject([{ pid: 30, verdict: 'malicious' }])
    expect(reasons).toContainEqual({ code: 'deadline', message: expect.stringContaining('within the time'), count: 2 })
  })

  it('on the command line cuts it there', async () => {
    const long: PlannedProcess = { ...agent, arguments: ['sh', 'x'.repeat(5000)] }
    const { processes } = await look([long], { bounds: { maxCmdlineBytes: 100 } })
    expect(processes[0]?.cmdline).toBe(`sh ${'x'.repeat(97)}`)
  })

  it('on program files leaves the digest out', async () => {
    const exe = join(proc, 'UpdateAgent')
    writeFileSync(exe, new Uint8Array(1000))
    const { processes, reasons } = await look(
      [
        { pid: 30, exe, arguments: [agent.exe as string] },
        { ...agent, exe },
      ],
      {
        bounds: { maxFileBytes: 999 },
      },
    )
    expect(processes).toEqual([])
    const inside: PlannedProcess = { pid: 30, exe, arguments: ['/x/3CX Desktop App/UpdateAgent'] }
    const judged = await look([inside], { bounds: { maxFileBytes: 999 } })
    expect(judged.processes).toMatchObject([{ pid: 30, sha256: undefined }])
    expect(judged.reasons).toEqual([
      { code: 'bounds', message: 'program files beyond the bound were not digested', count: 1 },
    ])
    expect(reasons).toEqual([])
  })
})

describe('a process that ends', () => {
  it('before it is read is counted, and the others are told', async () => {
    mkdirSync(join(proc, '29'))
    const { processes, reasons } = await look([{ ...agent, exe: '/x/3CX Desktop App/UpdateAgent' }])
    expect(processes.length).toBe(1)
    expect(reasons).toEqual([{ code: 'vanished', message: ended, count: 2 }])
  })

  it.each([
    ['whose number is free again', (): void => rmSync(join(proc, '30'), { recursive: true })],
    ['whose number was given to another', (): void => plantProcess(proc, { ...agent, startTicks: 77 })],
  ])('while its file is judged, %s, is not told', async (_, end) => {
    const exe = join(proc, 'UpdateAgent')
    writeFileSync(exe, 'x')
    const parts = { judge: async () => void end() }
    const { processes, reasons } = await look(
      [{ pid: 30, exe, arguments: ['/x/3CX Desktop App/UpdateAgent'] }],
      parts as Partial<ProcessParts>,
    )
    expect(processes).toEqual([])
    expect(reasons).toContainEqual({ code: 'vanished', message: ended, count: 1 })
  })
})

describe('what cannot be read', () => {
  it('is protected for root and denied for others, and only the latter makes a clean answer a guess', () => {
    const refusal = Object.assign(new Error('no'), { code: 'EACCES' })
    const [root, other] = [new Reasons(true), new Reasons(false)]
    for (const reasons of [root, other, other]) reasons.addFailure(refusal, 'the memory of processes')
    expect(root.all).toMatchObject([{ code: 'protected', count: 1 }])
    expect(other.all).toMatchObject([
      { code: 'denied', message: expect.stringMatching(/^the memory of processes .*run as root$/), count: 2 },
    ])
  })

  it.each([
    ['ENOENT', 'vanished'],
    ['ESRCH', 'vanished'],
    ['EPERM', 'denied'],
    ['EIO', 'damaged'],
    [undefined, 'damaged'],
  ])('with %s is %s', (code, expected) => {
    const reasons = new Reasons(false)
    reasons.addFailure(Object.assign(new Error('no'), code === undefined ? {} : { code }), 'x')
    expect(reasons.all).toMatchObject([{ code: expected, count: 1 }])
  })

  it('of other users is denied without root, and the rest of the process is told', async () => {
    plantProc(proc, [{ ...loader(60), arguments: ['/x/3CX Desktop App/UpdateAgent'] }])
    for (const name of ['mem', 'maps']) chmodSync(join(proc, '60', name), 0)
    const parts = processParts('linux', { proc, ownPid: 999 })
    const reasons = new Reasons(false)
    const files = new ProgramFiles(parts, reasons, 1000)
    const bounds = defaultProcessBounds
    const found = await asNobody(() => procProcesses(parts, { bounds, reasons, files, moduleNames: new Set() }, never))
    expect(found.processes).toMatchObject([{ pid: 60, verdict: 'malicious', evidence: [{ type: 'path' }] }])
    expect(reasons.all).toContainEqual({
      code: 'denied',
      message: 'the mappings of processes of other users cannot be read; run as root',
      count: 1,
    })
  })

  it('of a damaged process is counted, whatever it is damaged with', async () => {
    plantProc(proc, [agent])
    for (const [pid, text] of Object.entries({ 40: '', 41: '41 (x', 42: '42 x) (S 1', 43: '43 (x) S a b', 44: '\0' })) {
      mkdirSync(join(proc, pid))
      writeFileSync(join(proc, pid, 'stat'), text)
    }
    symlinkSync('45', join(proc, '45'))
    const { processes, reasons } = await lookAtProcesses(processParts('linux', { proc, ownPid: 999 }), never)
    expect(processes.map(({ pid }) => pid)).toEqual([30])
    const damaged = reasons.filter(({ code }) => code === 'damaged')
    expect(damaged.sort((a, b) => a.count - b.count)).toEqual([
      { code: 'damaged', message: 'the status of processes cannot be read (ELOOP)', count: 1 },
      { code: 'damaged', message: 'the status of processes cannot be read (unexpected error)', count: 5 },
    ])
  })

  it('because there is no /proc at all is an answer with a reason', async () => {
    const parts = processParts('linux', { proc: join(proc, 'missing') })
    expect(await lookAtProcesses(parts, never)).toMatchObject({ processes: [], seen: 0, reasons: [{ count: 1 }] })
  })

  it('rejects on an abort only', async () => {
    plantProc(proc, [agent])
    await expect(lookAtProcesses(processParts('linux', { proc }), AbortSignal.abort())).rejects.toThrow(/abort/i)
  })
})

describe('names that a process chose', () => {
  it.each([
    ['parentheses', 'a) S 1 (b)', 'a) S 1 (b)'],
    ['line breaks', 'a\nUid:\t0\n', 'a\nUid:\t0\n'],
    ['bytes that are no UTF-8', Buffer.from('a\xff)\xfe', 'latin1'), 'a\\xff)\\xfe'],
    ['nothing', '', ''],
  ])('with %s are shown as they are, and the numbers behind them are read', async (_, name, shown) => {
    const { processes } = await look([{ ...agent, name, parent: 7, startTicks: 12_345, uid: 1000 }])
    expect(processes).toMatchObject([{ name: shown, parent: 7, uid: 1000, user: 'alice', startTime: 1_679_470_123 }])
  })

  it('in arguments and paths are shown without losing a byte, an empty first argument included', async () => {
    const exe = Buffer.from('/odd\xff/3CX Desktop App/UpdateAgent (deleted)', 'latin1')
    const { processes } = await look([{ pid: 30, exe, arguments: ['', 'a b', Buffer.of(0xc3, 0xfe), '', ''] }])
    expect(processes).toMatchObject([
      { path: '/odd\\xff/3CX Desktop App/UpdateAgent', argument0: '', cmdline: ' a b \\xc3\\xfe' },
    ])
  })
})

/** As a user without rights where that can be tried; whoever runs the tests without rights is one. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return await work()
  chmodSync(proc, 0o755)
  process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}
