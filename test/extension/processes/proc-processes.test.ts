/** Processes of a planted /proc: what is told of each, and of which nothing is. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lookAtProcesses } from '../../../extension/processes/look-at-processes.ts'
import type { ProcessParts } from '../../../extension/processes/parts.ts'
import { carrierBlob, smallLayout } from '../../support/carrier-payload.ts'
import { expectGolden } from '../../support/golden.ts'
import { appProgram, ffmpegLibrary, trojanisedFfmpeg } from '../../support/image/windows-app.ts'
import { indexedSearch } from '../../support/loader-builder.ts'
import { mapsLine, type PlannedProcess, plantProc } from '../../support/proc-tree.ts'
import { processParts } from '../../support/process-parts.ts'

const never = new AbortController().signal
const ownPid = 999
const wine = '/usr/lib/wine/wine64-preloader'
const agent = '/home/alice/Library/Application Support/3CX Desktop App/UpdateAgent'
const blob = carrierBlob({ layout: smallLayout })

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-proc-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

/** Writes a file that processes run or map; the path is what they see. */
function file(path: string, bytes: Uint8Array): string {
  const full = join(directory, 'disk', path)
  mkdirSync(dirname(full), { recursive: true })
  writeFileSync(full, bytes)
  return full
}

async function look(processes: readonly PlannedProcess[], more: Partial<ProcessParts> = {}) {
  const proc = join(directory, 'proc')
  plantProc(proc, processes)
  const answer = await lookAtProcesses(processParts('linux', { proc, ownPid, ...more }), never)
  return JSON.parse(JSON.stringify(answer).replaceAll(directory, '')) as typeof answer
}

/** A process of Wine that has the app mapped, and a media library beside it. */
function underWine(version: string, library: Uint8Array): PlannedProcess {
  const program = file('wine/app/3CXDesktopApp.exe', appProgram(version, 'main'))
  const ffmpeg = file('wine/app/ffmpeg.dll', library)
  return {
    pid: 50,
    name: '3CXDesktopApp.e',
    exe: wine,
    arguments: ['C:\\users\\alice\\AppData\\Local\\Programs\\3CXDesktopApp\\app\\3CXDesktopApp.exe', '--autoLaunch'],
    maps: [
      mapsLine(0x10000, 0x1000, 'r-xp', program, 5),
      mapsLine(0x20000, 0x1000, 'r--p', ffmpeg, 6),
      mapsLine(0x21000, 0x1000, 'r-xp', ffmpeg, 6),
    ],
    mapFiles: { '10000-11000': program, '20000-21000': ffmpeg, '21000-22000': ffmpeg },
  }
}

describe('the app', () => {
  it.each(['18.12.416', '18.12.407', '18.11.1213', '18.12.999'])('of release %s is told with it', async (version) => {
    const exe = file('opt/3CXDesktopApp.exe', appProgram(version, 'main'))
    const answer = await look([{ pid: 20, name: '3CXDesktopApp.e', exe, arguments: [exe] }])
    await expectGolden(`processes/app-${version}`, answer)
  })

  it('that Wine runs is told by the program it has mapped, with its clean library unmentioned', async () => {
    await expectGolden('processes/wine-clean', await look([underWine('18.11.1213', ffmpegLibrary('x'))]))
  })

  it('with a trojanised library mapped is malicious, and the library is named', async () => {
    const trojanised = trojanisedFfmpeg('x', indexedSearch())
    await expectGolden('processes/wine-trojanised', await look([underWine('18.12.416', trojanised)]))
  })

  it('whose program cannot be read is suspicious, not clean', async () => {
    const { processes } = await look([{ pid: 20, exe: '/nowhere/3CXDesktopApp.exe', arguments: ['x'] }])
    expect(processes).toMatchObject([{ verdict: 'suspicious', level: 'low', evidence: [{ value: 'version unknown' }] }])
    expect(processes[0]).not.toHaveProperty('affected')
  })
})

describe('a trojanised library', () => {
  it('in a process of another name is told, and a clean one is not', async () => {
    const [bad, good] = [
      file('a/ffmpeg.dll', trojanisedFfmpeg('x', indexedSearch())),
      file('b/FFmpeg.dll', ffmpegLibrary('x')),
    ]
    const process = (pid: number, path: string): PlannedProcess => ({
      pid,
      exe: wine,
      arguments: ['other.exe'],
      maps: [mapsLine(0x20000, 0x1000, 'r-xp', path, 6)],
      root: [[path, new Uint8Array(10)]],
      mapFiles: { '20000-21000': path },
    })
    const { processes, reasons } = await look([process(20, bad), process(21, good)])
    expect(processes.map(({ pid, verdict }) => [pid, verdict])).toEqual([[20, 'malicious']])
    expect(processes[0]?.evidence[0]).toMatchObject({ type: 'module', path: '/disk/a/ffmpeg.dll', stage: 'loader' })
    expect(reasons.filter(({ code }) => code !== 'vanished')).toEqual([])
  })

  it('in a container is opened below the root of its process, though its name is no UTF-8', async () => {
    const path = Buffer.from('/srv/odd\xff\xfe/ffmpeg.dll', 'latin1')
    const listed = await look([
      {
        pid: 20,
        exe: wine,
        arguments: ['x'],
        maps: [mapsLine(0x20000, 0x1000, 'r-xp', path, 6)],
        root: [[path, trojanisedFfmpeg('x', indexedSearch())]],
      },
    ])
    // the program of Wine, which the link of a planted process does not lead to, and nothing else
    expect(listed.reasons).toEqual([{ code: 'vanished', message: expect.any(String), count: 1 }])
    expect(listed.seen).toBe(1)
  })
})

describe('the second stage', () => {
  it('is malicious when it runs, and its shell is told beside it', async () => {
    const [shell, exe] = [file('bin/dash', new Uint8Array(10)), file(agent, new Uint8Array(100))]
    const answer = await look([
      { pid: 30, name: 'sh', exe: shell, arguments: ['sh', '-c', `"${agent}" >/dev/null 2>&1`] },
      { pid: 31, parent: 30, name: 'UpdateAgent', exe, arguments: [agent] },
    ])
    await expectGolden('processes/agent-and-shell', answer)
  })

  it('is told after it removed its own file, as it does', async () => {
    const { processes } = await look([{ pid: 31, exe: `${agent} (deleted)`, arguments: [agent] }])
    expect(processes).toMatchObject([
      { path: agent, verdict: 'malicious', level: 'critical', evidence: [{ fields: { deleted: true } }] },
    ])
    expect(processes[0]).not.toHaveProperty('sha256')
  })

  it('is not taken for a file whose name really ends in the mark of a deleted one', async () => {
    const exe = file('x/3CX Desktop App/UpdateAgent (deleted)', new Uint8Array(100))
    expect((await look([{ pid: 31, exe, arguments: ['x'] }])).processes).toEqual([])
  })

  it('named by something else is suspicious, unless that is who asks', async () => {
    const named = (pid: number, parent: number): PlannedProcess => {
      return { pid, parent, exe: '/usr/bin/ls', arguments: ['ls', agent] }
    }
    const own: PlannedProcess = { pid: ownPid, parent: 40, exe: '/usr/bin/node', arguments: ['node', agent] }
    const { processes } = await look([named(40, 41), named(41, 40), named(42, ownPid), own])
    expect(processes).toMatchObject([{ pid: 42, verdict: 'suspicious', level: 'medium' }])
    expect(processes.length).toBe(1)
  })
})

describe('the loader in memory', () => {
  const loader = (bytes: Uint8Array, line = mapsLine(0x30000, 0x10000, 'rwxp')): PlannedProcess => ({
    pid: 60,
    exe: '/usr/bin/other',
    arguments: ['other'],
    maps: [mapsLine(0x10000, 0x1000, 'r-xp', '/usr/bin/other', 3), line],
    memory: { [0x30100]: bytes },
  })

  it('of the campaign is malicious under its published name', async () => {
    await expectGolden('processes/loader-of-the-campaign', await look([loader(blob)]))
  })

  it('that calls another export is suspicious', async () => {
    const other = carrierBlob({ layout: smallLayout, asksFor: 'Run', exports: ['Run'], isLaterBootstrap: true })
    await expectGolden('processes/loader-of-the-family', await look([loader(other)]))
  })

  it.each([
    ['of a file in memory', '/memfd:x (deleted)'],
    ['of a removed file', '/tmp/x.bin (deleted)'],
    ['that has a name of its own', '[anon:x]'],
    ['of the heap', '[heap]'],
  ])('is found in executable memory %s', async (_, path) => {
    const { processes } = await look([
      loader(blob, mapsLine(0x30000, 0x10000, 'r-xp', path, path.startsWith('/') ? 7 : 0)),
    ])
    expect(processes).toMatchObject([{ pid: 60, verdict: 'malicious' }])
  })

  it.each([
    ['that cannot be executed', 'rw-p', '', 0],
    ['of a file that is there', 'r-xp', '/usr/lib/x.so', 7],
    ["of the kernel's pages", 'r-xp', '[vdso]', 0],
  ])('is not sought in memory %s', async (_, permissions, path, inode) => {
    const answer = await look([loader(blob, mapsLine(0x30000, 0x10000, permissions, path, inode))])
    expect(answer.processes).toEqual([])
  })
})

describe('a process of no interest', () => {
  it('gives no row and no reason: threads of the kernel, ordinary programs, and this one', async () => {
    const ffmpeg = file('b/ffmpeg.dll', ffmpegLibrary('x'))
    const answer = await look([
      { pid: 2, parent: 0, name: 'kthreadd' },
      { pid: 70, exe: '/usr/bin/bash', arguments: ['-bash'] },
      { pid: 71, exe: '/usr/bin/vi', arguments: ['vi', '3CXDesktopApp.exe'] },
      { pid: 72, exe: ffmpeg, arguments: ['x'], maps: [mapsLine(0x20000, 0x1000, 'r-xp', ffmpeg, 6)] },
      { pid: ownPid, exe: agent, arguments: [agent] },
    ])
    expect(answer).toEqual({ processes: [], seen: 3, reasons: [] })
  })
})
