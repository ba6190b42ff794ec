/** Processes of Windows and macOS, as osquery's tables have them, or refuse to. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OsqueryRow, OsqueryTables } from '../../../extension/domain/osquery-tables.ts'
import type { Platform } from '../../../extension/domain/platform.ts'
import { lookAtProcesses } from '../../../extension/processes/look-at-processes.ts'
import type { ProcessParts } from '../../../extension/processes/parts.ts'
import { expectGolden } from '../../support/golden.ts'
import { appProgram, ffmpegLibrary, trojanisedFfmpeg } from '../../support/image/windows-app.ts'
import { indexedSearch } from '../../support/loader-builder.ts'
import { fakeOsquery } from '../../support/osquery-tables.ts'
import { processParts } from '../../support/process-parts.ts'

const never = new AbortController().signal
const agent = '/Users/alice/Library/Application Support/3CX Desktop App/UpdateAgent'
const home = 'C:\\Users\\alice\\AppData\\Local\\Programs\\3CXDesktopApp\\app'
const users = [{ uid: '501', username: 'alice' }]
const tables = { users, process_memory_map: [] }

function row(pid: number, path: string, more: OsqueryRow = {}): OsqueryRow {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const times = { uid: '501', start_time: '1679480000' }
  return { pid: String(pid), parent: '1', name, path, cmdline: path, ...times, ...more }
}

function look(
  platform: Platform,
  osquery: OsqueryTables,
  content: Readonly<Record<string, Uint8Array>> = {},
  more: Partial<ProcessParts> = {},
) {
  return lookAtProcesses(
    processParts(platform, { osquery, ownPid: 999, ...more }, (path) => content[path]),
    never,
  )
}

describe('osquery on macOS', () => {
  it('tells the second stage, and the shell that starts it by the published parts of its command', async () => {
    const cmdline = `/bin/sh -c "${agent}" >/dev/null 2>&1`
    const shell = row(30, '/not/here/bin/sh', { cmdline })
    const osquery = fakeOsquery({ ...tables, processes: [shell, row(31, agent, { parent: '30' }), row(1, '/sbin/x')] })
    await expectGolden('processes/darwin-agent-and-shell', await look('darwin', osquery))
  })

  it('tells another shell or person that names the second stage as suspicious, unless that is who asks', async () => {
    const named = (pid: number, parent: number) =>
      row(pid, '/bin/ls', { parent: String(parent), cmdline: `ls '${agent}'` })
    const processes = [named(40, 1), named(41, 1), row(999, '/usr/bin/node', { parent: '41', cmdline: agent })]
    const found = await look('darwin', fakeOsquery({ ...tables, processes }))
    expect(found.processes).toMatchObject([{ pid: 40, verdict: 'suspicious', level: 'medium', user: 'alice' }])
    expect(found.processes.length).toBe(1)
  })

  it('tells the app whose bundle cannot be read as suspicious, its helpers too', async () => {
    const bundle = '/Applications/3CX Desktop App.app/Contents'
    const helper = `${bundle}/Frameworks/3CX Desktop App Helper.app/Contents/MacOS/3CX Desktop App Helper`
    const processes = [row(50, `${bundle}/MacOS/3CX Desktop App`), row(51, helper)]
    const found = await look('darwin', fakeOsquery({ ...tables, processes }))
    expect(found.processes).toMatchObject([
      { pid: 50, verdict: 'suspicious', level: 'low' },
      { pid: 51, verdict: 'suspicious', level: 'low' },
    ])
  })
})

describe('osquery on Windows', () => {
  const program = `${home}\\3CXDesktopApp.exe`
  const map = [`${home}\\FFmpeg.dll`, program, 'C:\\Windows\\ntdll.dll', ''].map((path) => ({ pid: '50', path }))
  const osquery = () =>
    fakeOsquery({
      processes: [row(50, program, { uid: '1001', name: '3CXDesktopApp.exe' }), row(51, 'C:\\Windows\\x.exe')],
      users: [{ uid: '1001', username: 'alice' }],
      process_memory_map: [
        ...map,
        { pid: '51', path: `${home}\\ffmpeg.dll` },
        { pid: 'x', path: `${home}\\ffmpeg.dll` },
      ],
      winbaseobj: [],
    })

  it('tells the app with its release and a trojanised library it has mapped', async () => {
    const content = {
      [program]: appProgram('18.12.416', 'main'),
      [`${home}\\FFmpeg.dll`]: trojanisedFfmpeg('x', indexedSearch()),
    }
    await expectGolden('processes/windows-trojanised', await look('windows', osquery(), content))
  })

  it('tells the app of a clean release as benign, without its clean library', async () => {
    const content = {
      [program]: appProgram('18.11.1213', 'main'),
      [`${home}\\FFmpeg.dll`]: ffmpegLibrary('x'),
    }
    const { processes } = await look('windows', osquery(), content)
    expect(processes).toMatchObject([{ pid: 50, version: '18.11.1213', affected: false, verdict: 'benign' }])
    expect(processes[0]?.evidence.filter(({ type }) => type === 'module')).toEqual([])
  })

  it('is asked for modules of those processes alone that something speaks of, and of so many at most', async () => {
    const one = osquery()
    await look('windows', one)
    expect(one.asked).toHaveLength(4)
    expect(one.asked[1]).toMatch(/ FROM winbaseobj /)
    expect(one.asked[2]).toMatch(/ FROM process_memory_map WHERE pid IN \(50\)$/)
    const processes = Array.from({ length: 70 }, (_, index) => row(100 + index, program))
    const many = fakeOsquery({ ...tables, processes })
    const { reasons } = await look('windows', many)
    expect(many.asked[2]?.match(/\d+/g)).toHaveLength(64)
    expect(reasons).toContainEqual({ code: 'bounds', message: expect.stringContaining('modules'), count: 1 })
  })

  it('is asked two questions where nothing speaks', async () => {
    const quiet = fakeOsquery({ processes: [row(51, 'C:\\Windows\\x.exe')], winbaseobj: [] })
    expect(await look('windows', quiet)).toEqual({ processes: [], seen: 1, reasons: [] })
    expect(quiet.asked).toHaveLength(2)
  })

  const event = { session_id: '1', object_name: 'AVMonitorRefreshEvent', object_type: 'Event' }
  const others = [
    { ...event, object_type: 'Mutant' },
    { ...event, object_name: 'AVMonitorRefreshEvent2' },
    { ...event, object_name: '' },
  ]

  it('tells the named event of the loader of the app, whatever its files say', async () => {
    const rows = { processes: [row(50, program, { name: '3CXDesktopApp.exe' })], users: [], process_memory_map: [] }
    const { processes } = await look('windows', fakeOsquery({ ...rows, winbaseobj: [...others, event, event] }))
    expect(processes).toMatchObject([{ pid: 50, verdict: 'suspicious', level: 'high' }])
    expect(processes[0]?.evidence.map(({ type, value }) => [type, value])).toContainEqual([
      'named_event',
      'AVMonitorRefreshEvent',
    ])
    const without = await look('windows', fakeOsquery({ ...rows, winbaseobj: others }))
    expect(without.processes).toMatchObject([{ pid: 50, verdict: 'suspicious', level: 'low' }])
  })

  it('tells the event by itself where nobody knows whose it is', async () => {
    const { processes } = await look('windows', fakeOsquery({ processes: [], winbaseobj: [event] }))
    expect(processes).toMatchObject([
      {
        pid: 0,
        name: 'AVMonitorRefreshEvent',
        path: '',
        verdict: 'suspicious',
        evidence: [{ stage: 'loader' }, { stage: 'loader' }],
      },
    ])
  })

  it('without a table of named events still gives the processes, and leaves nothing in doubt', async () => {
    const { reasons } = await look('windows', fakeOsquery({ processes: [] }))
    expect(reasons).toMatchObject([{ code: 'unsupported', message: expect.stringContaining('named events') }])
  })
})

describe('an osquery that refuses', () => {
  it('processes is an answer with a reason after which nothing is called clean', async () => {
    const answer = await look('darwin', fakeOsquery({}))
    expect(answer).toEqual({
      processes: [],
      seen: 0,
      reasons: [{ code: 'damaged', message: expect.stringContaining('the list of processes'), count: 1 }],
    })
  })

  it('modules or users still gives the processes', async () => {
    const { processes, reasons } = await look('darwin', fakeOsquery({ processes: [row(31, agent)] }))
    expect(processes).toMatchObject([{ pid: 31, verdict: 'malicious', user: '' }])
    expect(reasons.map(({ code, message }) => [code, message])).toEqual(
      expect.arrayContaining([
        ['damaged', 'osquery did not tell the modules of processes'],
        ['damaged', 'osquery did not tell the names of users'],
      ]),
    )
  })

  it('because it is not there is told apart from one that fails', async () => {
    const parts = processParts('windows', {}, () => undefined)
    expect(await lookAtProcesses(parts, never)).toEqual({
      processes: [],
      seen: 0,
      reasons: [{ code: 'unsupported', message: 'processes of windows are seen through osquery only', count: 1 }],
    })
  })

  it('by an abort rejects', async () => {
    const parts = processParts('darwin', { osquery: fakeOsquery({ processes: [] }) })
    await expect(lookAtProcesses(parts, AbortSignal.abort())).rejects.toThrow(/abort/i)
  })
})

describe('rows of osquery', () => {
  it('with -1 or nothing for a number have no such number', async () => {
    const unknown = row(31, agent, { uid: '-1', start_time: '-1', parent: '-1' })
    const osquery = fakeOsquery({ ...tables, processes: [unknown, { path: agent }] })
    const { processes } = await look('darwin', osquery)
    expect(processes.map(({ pid, parent, uid, user, startTime }) => [pid, parent, uid, user, startTime])).toEqual([
      [0, 0, undefined, '', undefined],
      [31, 0, undefined, '', undefined],
    ])
    expect(osquery.asked.some((sql) => sql.includes('users'))).toBe(false)
  })

  it('with no path are told by their command line', async () => {
    const guarded = row(31, '', { name: 'UpdateAgent', cmdline: agent })
    const { processes } = await look('darwin', fakeOsquery({ ...tables, processes: [guarded] }))
    expect(processes).toMatchObject([{ pid: 31, path: '', image: '', verdict: 'suspicious' }])
  })

  it('beyond the bound are counted, and not looked at', async () => {
    const processes = [row(30, agent), row(31, agent), row(32, agent)]
    const osquery = fakeOsquery({ ...tables, processes })
    const { seen, reasons } = await look('darwin', osquery, {}, { bounds: { maxProcesses: 2, maxCmdlineBytes: 77 } })
    expect(seen).toBe(2)
    expect(reasons).toContainEqual({ code: 'bounds', message: expect.stringContaining('processes'), count: 1 })
    expect(osquery.asked[0]).toMatch(/substr\(cmdline, 1, 77\).* LIMIT 3$/)
  })

  it('of any text neither break the look nor reach a statement', async () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(agent, "1) OR 1 --'", '-1', '9'.repeat(20)))
    const columns = ['pid', 'parent', 'name', 'path', 'cmdline', 'uid', 'start_time', 'username', 'object_name']
    const anyRow = fc.dictionary(fc.constantFrom(...columns), text, { noNullPrototype: true })
    const rows = fc.array(anyRow, { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(rows, rows, rows, fc.constantFrom('darwin', 'windows'), async (a, b, c, platform) => {
        const osquery = fakeOsquery({ processes: a, process_memory_map: b, users: c, winbaseobj: c })
        const { seen } = await look(platform, osquery)
        expect(seen).toBe(a.length)
        for (const sql of osquery.asked.slice(1)) {
          expect(sql).toMatch(/ IN \((\d+(, \d+)*\)|'avmonitorrefreshevent'\) LIMIT \d+)$/)
        }
      }),
      { numRuns: 100 },
    )
  })
})
