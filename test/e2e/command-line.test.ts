/** The command line itself: help, usage errors, exit codes, interruption, damaged input, streams that stay apart. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launcher, threecx } from '../support/command.ts'
import { plantImage } from '../support/sample-image.ts'

let directory: string
let empty: string
const state = () => join(directory, 'state')
const run = (...args: string[]) => threecx(state(), args)

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-cli-'))
  empty = join(directory, 'empty')
  mkdirSync(empty)
})

afterAll(() => rmSync(directory, { recursive: true }))

describe('help', () => {
  it('teaches the program and every command', async () => {
    expect(await run('--help')).toMatchObject({ exit: 0, stdout: expect.stringContaining('threecx hunt') })
    for (const command of ['hunt', 'query', 'indicators']) {
      const { exit, stdout } = await run(command, '--help')
      expect(exit).toBe(0)
      expect(stdout).toMatch(/Usage: threecx .*Options:.*Examples:/s)
    }
  })
})

describe('a wrong command line', () => {
  it.each([
    [[], 'COMMAND'],
    [['frob'], 'there is no command "frob"'],
    [['hunt', '--bogus'], "Unknown option '--bogus'"],
    [['hunt', 'extra'], 'unexpected argument "extra"'],
    [['hunt', '--platform', 'mac'], '--platform is "mac"'],
    [['query'], 'needs one SQL statement'],
    [['indicators', 'frob'], 'needs list, check, import, keygen'],
    [['hunt', '--max-file-size', '1x'], '--max-file-size is "1x"'],
    [['hunt', '--cpu', '101'], '--cpu is "101"'],
    [['hunt', '--read-rate', '0'], '--read-rate is "0"'],
  ])('%j is explained with exit code 2', async (args, message) => {
    const { exit, stdout, stderr } = await run(...args)
    expect(exit).toBe(2)
    expect(stdout + stderr).toContain(message)
  })
})

describe('failures have names', () => {
  it.each([
    [4, ['hunt', '--root', '/nonexistent-root'], 'there is no such directory'],
    [4, ['hunt', '--root', launcher], 'it is not a directory'],
    [5, ['hunt', '--indicators', '/nonexistent-list'], 'cannot be read'],
    [6, ['query', 'SELECT x FROM nowhere'], 'no such table: nowhere'],
    [6, ['query', 'SELECT 1; SELECT 2'], 'more than one statement'],
    [6, ['query', "ATTACH 'x' AS y"], 'not authorized'],
    [8, ['hunt', '--state', launcher], 'cannot use state directory'],
  ])('exit code %i for %j', async (exit, args, message) => {
    const ended = await run(...args)
    expect(ended).toMatchObject({ exit, stdout: '' })
    expect(ended.stderr).toContain(message)
    expect(ended.stderr.trim().split('\n')).toHaveLength(1)
  })

  it('reports every problem of an indicator file with its place', async () => {
    const file = join(directory, 'bad.json')
    const indicators = [
      { number: 1, type: 'sha256', value: 'abc', component: 'x', stage: 'loader', level: 'high', status: 'malicious' },
      {
        number: 1,
        type: 'domain',
        value: 'hxxp://bad[.]example',
        component: 'x',
        stage: 'c2',
        level: 'high',
        status: 'malicious',
      },
    ]
    const source = { publisher: 'p', url: 'https://example.org/', retrieved: '2023-03-30', licence: 'x' }
    writeFileSync(file, JSON.stringify({ id: 'bad', title: 't', source, indicators }))
    const { exit, stderr } = await run('hunt', '--root', empty, '--indicators', file)
    expect(exit).toBe(5)
    expect(stderr).toContain('indicators[0].value: sha256 is "abc"')
    expect(stderr).toContain('indicators[1].value: domain is "hxxp://bad[.]example"; expected a host name')
  })
})

describe('damaged files on the host', () => {
  it('neither crash the hunt nor hide the others', async () => {
    const root = join(directory, 'damaged')
    plantImage('windows', root, { clean: false })
    const app = join(root, 'Users/alice/AppData/Local/Programs/3CXDesktopApp')
    truncateSync(join(app, '3CXDesktopApp.exe'), 300)
    writeFileSync(join(app, 'app', 'Info.plist'), 'bplist00\xff\xff\xff')
    writeFileSync(join(app, 'app', 'half.dll'), Buffer.from('MZ'))
    const { exit, stdout } = await run('hunt', '--root', root, '--format', 'json')
    expect(exit).toBe(1)
    const paths = (JSON.parse(stdout) as { path: string }[]).map((row) => row.path)
    expect(paths).toContain(join(app, 'app', 'ffmpeg.dll'))
    expect(paths).not.toContain(join(app, '3CXDesktopApp.exe'))
  })

  it('survives a damaged cache and says so', async () => {
    const own = join(directory, 'own-state')
    mkdirSync(own, { mode: 0o700 })
    writeFileSync(join(own, 'hashes.db'), 'no database at all '.repeat(500))
    const { exit, stderr } = await threecx(own, ['hunt', '--root', empty])
    expect(exit).toBe(0)
    expect(stderr).toContain('hash cache was damaged and is built anew')
  })

  it('are reported when they are no regular files or cannot be examined', async () => {
    const root = join(directory, 'odd')
    const app = join(root, 'Program Files/3CXDesktopApp/app')
    mkdirSync(app, { recursive: true })
    const { execFileSync } = await import('node:child_process')
    execFileSync('mkfifo', [join(app, 'ffmpeg.dll')])
    writeFileSync(join(app, 'huge.dll'), '')
    truncateSync(join(app, 'huge.dll'), 3 * 1024 * 1024)
    const sql =
      "SELECT json_extract(e.value, '$.code') AS code, complete FROM threecx_scans s, json_each(s.errors) e WHERE s.source = 'file' ORDER BY code"
    const args = ['query', sql, '--root', root, '--platform', 'windows', '--format', 'json', '--max-file-size', '1']
    const { stdout } = await run(...args)
    expect(JSON.parse(stdout)).toEqual([
      { code: 'not_regular', complete: 0 },
      { code: 'too_big', complete: 0 },
    ])
    const hunted = await run('hunt', '--root', root, '--platform', 'windows', '--max-file-size', '1')
    expect(hunted).toMatchObject({ exit: 3, stdout: expect.stringContaining('verdict: unknown') })
  })
})

describe('a state directory nobody asked for', () => {
  it('may be unusable: the hunt says so and goes on', async ({ skip }) => {
    chmodSync(directory, 0o755)
    const nobody = process.getuid?.() === 0 ? 65534 : undefined
    const env = { THREECX_STATE: '', XDG_STATE_HOME: '/dev/null/nowhere', HOME: '/dev/null' }
    const canRun = (await threecx('', ['--version'], env, nobody).catch(() => undefined))?.exit === 0
    if (!canRun) return skip('an unprivileged user cannot read this checkout')
    const { exit, stdout, stderr } = await threecx('', ['hunt', '--root', empty], env, nobody)
    expect({ exit, isClean: stdout.startsWith('verdict: clean') }).toEqual({ exit: 0, isClean: true })
    expect(stderr).toContain('state directory cannot be used, nothing is kept')
  })
})

describe('an interrupted hunt', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends soon on %s with exit code 130 and no result', async (signal) => {
    const child = spawn(process.execPath, [launcher, 'hunt', '--full', '--no-cache', '--format', 'json', '--verbose'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    // the log line of the chosen engine is the sign that the hunt is under way
    await new Promise<void>((resolve) => {
      child.stderr.on('data', (text: Buffer) => {
        if (text.includes('engine chosen')) resolve()
      })
    })
    child.kill(signal)
    expect(await ended).toBe(130)
  })
})

describe('indicators', () => {
  it('check finds no problem in the sets that ship', async () => {
    expect(await run('indicators', 'check')).toMatchObject({ exit: 0, stdout: expect.stringContaining('no problems') })
  })

  it('import the Sophos list with counts, and what comes out is sound and in force', async () => {
    const list = join(directory, 'sophos.csv')
    const rows = [
      'Indicator,Data,Note',
      'sha256,C485674EE63EC8D4E8FDE9800788175A8B02D3F9416D0E763360FFF7F8EB4E02,ffmpeg.dll',
      'URL,akamaicontainer[.]com,C2',
      'URL,hxxps://msstorageazure[.]com/window,"C2, icon1"',
      'domain,raw.githubusercontent.com,shared',
      'sha256,1234,too short',
    ]
    writeFileSync(list, rows.join('\r\n'))
    const output = join(directory, 'sophos.json')
    const { exit, stderr } = await run('indicators', 'import', list, '--output', output)
    expect(exit).toBe(0)
    expect(stderr).toMatch(/5 read, 4 imported .*1 not carried over/)
    expect(stderr).toContain('raw.githubusercontent.com')
    const used = await run('indicators', 'list', '--indicators', output, '--type', 'url', '--format', 'csv')
    expect(used.stdout).toContain('https://msstorageazure.com/window')
    expect((await run('hunt', '--root', empty, '--indicators', output)).exit).toBe(0)
  })

  it('given as bare digests find a file of any name in a full sweep, and the report says why all was read', async () => {
    const root = join(directory, 'bare')
    mkdirSync(join(root, 'deep/er'), { recursive: true })
    writeFileSync(join(root, 'deep/er/holiday.jpg'), 'abc')
    const list = join(directory, 'list.txt')
    writeFileSync(list, '# ours\nba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n')
    const { exit, stdout } = await run('hunt', '--root', root, '--indicators', list, '--full')
    expect(exit).toBe(1)
    expect(stdout).toContain('holiday.jpg')
    expect(stdout).toContain('every file was read')
  })
})

describe('extension', () => {
  it('with flags runs the extension, which says what is wrong with them', async () => {
    const { exit, stderr } = await run('extension', '--socket', `/${'long/'.repeat(30)}em`, '--unknown-flag=1')
    expect(exit).toBe(2)
    expect(stderr).toContain('101 are the most')
  })

  it('without anything says what there is', async () => {
    const { exit, stderr } = await run('extension')
    expect(exit).toBe(2)
    expect(stderr).toContain('extension needs install, uninstall, register, unregister, status')
  })
})
