/** `threecx extension`: installing, removing and looking, on real files, twice, and against what it must refuse. */
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Ended, threecx } from '../support/command.ts'
import { type Installation, installOsquery } from '../support/osquery-installation.ts'
import { programElsewhere, programHere } from '../support/program-file.ts'

const isRoot = process.getuid?.() === 0

let here: Installation
/** What is installed from. */
let file: string
let directory: string
let installed: string

beforeEach(async () => {
  here = await installOsquery()
  file = join(here.root, 'download', 'threecx_hunter.ext')
  mkdirSync(join(here.root, 'download'))
  writeFileSync(file, Buffer.concat([programHere(), Buffer.alloc(3_000_000, 7)]), { mode: 0o644 })
  directory = join(realpathSync(here.root), 'lib', 'threecx-hunter')
  installed = join(directory, 'threecx_hunter.ext')
  writeFileSync(here.loadFile, '')
})

afterEach(async () => await here.close())

async function extension(action: string, ...args: string[]): Promise<Ended> {
  return await threecx(here.state, [
    'extension',
    action,
    ...args,
    '--load-file',
    here.loadFile,
    '--directory',
    directory,
  ])
}

const loadText = () => readFileSync(here.loadFile, 'latin1')

describe('install', () => {
  it('copies the file, mode 0755, lists it, and says which flags and which restart are needed', async () => {
    const { exit, stdout, stderr } = await extension('install', file)
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(readFileSync(installed).equals(readFileSync(file))).toBe(true)
    expect(statSync(installed).mode & 0o7777).toBe(0o755)
    expect(statSync(installed).uid).toBe(process.getuid?.())
    expect(statSync(directory).mode & 0o7777).toBe(0o755)
    expect(readdirSync(directory)).toEqual(['threecx_hunter.ext'])
    expect(loadText()).toBe(`${installed}\n`)
    expect(stdout).toContain(`copied ${file} to ${installed}`)
    expect(stdout).toContain(`--extensions_autoload=${here.loadFile}`)
    expect(stdout).toContain('--extensions_require=threecx_hunter')
    expect(stdout).toMatch(/^then: sudo (systemctl restart osqueryd|launchctl kickstart .*)$/m)
  })

  it('changes nothing the second time, and says so', async () => {
    await extension('install', file)
    const before = [installed, here.loadFile].map((path) => lstatSync(path, { bigint: true }))
    const { exit, stdout } = await extension('install', file)
    expect(exit).toBe(0)
    expect(stdout.match(/^already so: /gm)).toHaveLength(2)
    const after = [installed, here.loadFile].map((path) => lstatSync(path, { bigint: true }))
    expect(after.map((one) => [one.ino, one.mtimeNs, one.ctimeNs])).toEqual(
      before.map((one) => [one.ino, one.mtimeNs, one.ctimeNs]),
    )
  })

  it('passes every rule of the doctor', async () => {
    await extension('install', file)
    const ended = await threecx(here.state, ['doctor', installed, ...here.where])
    expect(ended).toMatchObject({ exit: 0, stdout: expect.stringContaining('0 failed') })
    const looked = await extension('status', '--flags-file', here.flagsFile, '--format', 'json')
    expect(looked).toMatchObject({ exit: 0, stderr: '' })
    expect(JSON.parse(looked.stdout)).toMatchObject([
      { installed: 'yes', listed: 'yes', failed: 0, program: installed },
    ])
  })

  it('brings a changed build in place of the old one, and repairs its mode', async () => {
    await extension('install', file)
    writeFileSync(file, Buffer.concat([programHere(), Buffer.from('newer')]))
    expect((await extension('install', file)).stdout).toContain('copied')
    expect(readFileSync(installed).equals(readFileSync(file))).toBe(true)
    chmodSync(installed, 0o777)
    expect((await extension('install', file)).stdout).toContain('copied')
    expect(statSync(installed).mode & 0o7777).toBe(0o755)
  })

  it('installs from the installed file itself', async () => {
    await extension('install', file)
    const { exit, stdout } = await extension('install', installed)
    expect(exit).toBe(0)
    expect(stdout.match(/^already so: /gm)).toHaveLength(2)
  })

  it('makes a missing load file, mode 0644', async () => {
    rmSync(here.loadFile)
    expect((await extension('install', file)).exit).toBe(0)
    expect(loadText()).toBe(`${installed}\n`)
    expect(statSync(here.loadFile).mode & 0o7777).toBe(0o644)
  })

  it.each([
    ['remarks, order and blank lines', '# first\n\n/opt/a.ext\n; last\n', '# first\n\n/opt/a.ext\n; last\nOURS\n'],
    ['CR LF', '# first\r\n/opt/a.ext\r\n', '# first\r\n/opt/a.ext\r\nOURS\r\n'],
    ['a last line without an end', '/opt/a.ext', '/opt/a.ext\nOURS'],
    ['bytes that are no UTF-8', '# \u00ff\u00fe\n', '# \u00ff\u00fe\nOURS\n'],
    ['an older path of ours, which gives way', '/a.ext\n/old/threecx_hunter.ext\n/b.ext\n', '/a.ext\nOURS\n/b.ext\n'],
    ['several older paths', '/o/threecx_hunter_linux.ext\n/p/threecx_hunter-0.1.ext\n', 'OURS\n'],
  ])('keeps of a load file %s', async (_, before, after) => {
    writeFileSync(here.loadFile, before, 'latin1')
    chmodSync(here.loadFile, 0o600)
    expect((await extension('install', file)).exit).toBe(0)
    expect(loadText()).toBe(after.replace('OURS', installed))
    expect(statSync(here.loadFile).mode & 0o7777).toBe(0o600)
    expect(readdirSync(join(here.root, 'etc')).sort()).toEqual(['extensions.load', 'osquery.flags'])
  })

  it('adds no line below a directory that is listed', async () => {
    writeFileSync(here.loadFile, `${directory}\n`)
    expect((await extension('install', file)).stdout).toMatch(/^already so: .*extensions\.load leads to/m)
    expect(loadText()).toBe(`${directory}\n`)
  })

  it('leaves room for two at once: each ends well and one line stays', async () => {
    const ended = await Promise.all([extension('install', file), extension('install', file)])
    expect(ended.map((one) => one.exit)).toEqual([0, 0])
    expect(loadText()).toBe(`${installed}\n`)
    expect(readFileSync(installed).equals(readFileSync(file))).toBe(true)
    expect(readdirSync(directory)).toEqual(['threecx_hunter.ext'])
  })
})

describe('install refuses, and changes nothing', () => {
  it.each([
    ['a program for another machine', () => writeFileSync(file, programElsewhere()), 'expected a program for'],
    ['a script', () => writeFileSync(file, '#!/bin/sh\n'), 'found script'],
    ['an empty file', () => writeFileSync(file, ''), 'found empty'],
    ['a missing file', () => rmSync(file), 'it is missing'],
    ['a load file that is a link', () => linkInstead(here.loadFile), 'symbolic link'],
    ['a load file anybody can write to', () => chmodSync(here.loadFile, 0o666), 'others can write to it'],
    [
      'a load file in a directory anybody can write to',
      () => chmodSync(join(here.root, 'etc'), 0o777),
      'others can write',
    ],
    ['a load file with a byte-order mark', () => writeFileSync(here.loadFile, '\ufeff/a.ext\n'), 'byte-order mark'],
    ['a load file that is a directory', () => directoryInstead(here.loadFile), 'no regular file'],
    ['a host without osquery', () => rmSync(join(here.root, 'etc'), { recursive: true }), 'install osquery first'],
    ['a directory that is a link', () => linkDirectory(), 'symbolic link'],
    ['a directory anybody can write to', () => openDirectory(0o777), 'others can write'],
    ['a directory below one anybody can write to', () => openParent(), 'others can write'],
    ['a sticky directory', () => openDirectory(0o1777), 'sticky'],
    ['a link where the executable goes', () => linkTarget(), 'symbolic link'],
  ])('%s', async (_, spoil, message) => {
    spoil()
    const before = isThere(here.loadFile) ? loadText() : undefined
    const { exit, stdout, stderr } = await extension('install', file)
    expect({ exit, stdout }).toEqual({ exit: 21, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(isThere(here.loadFile) ? loadText() : undefined).toBe(before)
    expect(existsSync(installed) && lstatSync(installed).isFile()).toBe(false)
  })

  it('a load file of somebody else', async ({ skip }) => {
    if (!isRoot) return skip('needs root to give a file away')
    chownSync(here.loadFile, 65534, 65534)
    const { exit, stderr } = await extension('install', file)
    expect({ exit, isExplained: stderr.includes('belongs to uid 65534') }).toEqual({ exit: 21, isExplained: true })
  })

  it('a directory whose name would write lines of its own', async () => {
    directory = join(here.root, 'x\n/evil')
    const { exit, stderr } = await extension('install', file)
    expect({ exit, isExplained: stderr.includes('control characters') }).toEqual({ exit: 21, isExplained: true })
    expect(loadText()).toBe('')
  })

  it('to write through a link that stands where the load file was', async () => {
    const victim = join(here.root, 'victim')
    writeFileSync(victim, 'precious\n')
    rmSync(here.loadFile)
    symlinkSync(victim, here.loadFile)
    expect((await extension('install', file)).exit).toBe(21)
    expect((await extension('uninstall')).exit).toBe(21)
    expect(readFileSync(victim, 'utf8')).toBe('precious\n')
  })
})

describe('uninstall', () => {
  it.each(['', '# first\n/opt/a.ext\n', '/opt/a.ext', '# x\r\n/opt/a.ext\r\n', '# \u00ff\u00fe\n'])(
    'gives back the load file %j byte for byte, and removes file and directory',
    async (before) => {
      writeFileSync(here.loadFile, before, 'latin1')
      await extension('install', file)
      const { exit, stdout } = await extension('uninstall')
      expect(exit).toBe(0)
      expect(stdout).toContain(`removed ${installed}`)
      expect(stdout).toMatch(/^then: /m)
      expect(loadText()).toBe(before)
      expect(existsSync(directory)).toBe(false)
    },
  )

  it('changes nothing the second time, and says so', async () => {
    await extension('install', file)
    await extension('uninstall')
    const before = lstatSync(here.loadFile, { bigint: true })
    const { exit, stdout } = await extension('uninstall')
    expect(exit).toBe(0)
    expect(stdout.match(/^already so: /gm)).toHaveLength(2)
    expect(stdout).not.toContain('then:')
    expect(lstatSync(here.loadFile, { bigint: true }).ctimeNs).toBe(before.ctimeNs)
  })

  it('leaves what others put into the directory, and takes what a killed install left', async () => {
    await extension('install', file)
    writeFileSync(join(directory, 'notes.txt'), '')
    writeFileSync(join(directory, '.threecx_hunter.ext.0b0e2c1e-0000-4000-8000-000000000000.part'), '')
    expect((await extension('uninstall')).exit).toBe(0)
    expect(readdirSync(directory)).toEqual(['notes.txt'])
  })

  it('follows no link where the executable was', async () => {
    await extension('install', file)
    rmSync(installed)
    symlinkSync(file, installed)
    const { exit, stderr } = await extension('uninstall')
    expect({ exit, isExplained: stderr.includes('symbolic link') }).toEqual({ exit: 21, isExplained: true })
    expect(existsSync(file)).toBe(true)
    expect(loadText()).toBe(`${installed}\n`)
  })
})

describe('register and unregister', () => {
  it('name the file that lies there, and take the name away, without touching it', async () => {
    await extension('install', file)
    writeFileSync(here.loadFile, '# first\r\n/opt/a.ext')
    const before = lstatSync(installed, { bigint: true })
    const registered = await extension('register')
    expect(registered).toMatchObject({ exit: 0, stderr: '', stdout: expect.stringMatching(/ names .*^then: /ms) })
    expect(loadText()).toBe(`# first\r\n/opt/a.ext\r\n${installed}`)
    expect(await extension('unregister')).toMatchObject({ exit: 0, stderr: '' })
    expect(loadText()).toBe('# first\r\n/opt/a.ext')
    expect(lstatSync(installed, { bigint: true }).ctimeNs).toBe(before.ctimeNs)
  })

  it('take no load file together with every host', async () => {
    const { exit, stderr } = await extension('register', '--for', 'all')
    expect({ exit, isExplained: stderr.includes('expected no --load-file') }).toEqual({ exit: 2, isExplained: true })
  })
})

describe('status', () => {
  it('says that nothing is installed, with exit code 20', async () => {
    const { exit, stdout, stderr } = await extension('status', '--format', 'json')
    expect(exit).toBe(20)
    expect(JSON.parse(stdout)).toMatchObject([{ installed: 'no', listed: 'no', program: installed }])
    expect(stderr).toContain('threecx doctor')
  })

  it('says that the file is there and not listed', async () => {
    await extension('install', file)
    writeFileSync(here.loadFile, '')
    const { exit, stdout } = await extension('status', '--flags-file', here.flagsFile, '--format', 'json')
    expect(exit).toBe(20)
    expect(JSON.parse(stdout)).toMatchObject([{ installed: 'yes', listed: 'no', failed: 1 }])
  })
})

describe('a wrong command line', () => {
  it.each([
    [[], 'extension needs install, uninstall, register, unregister, status'],
    [['frob'], 'not "frob"'],
    [['constructor'], 'not "constructor"'],
    [['install', 'a', 'b'], 'unexpected argument "b"'],
    [['uninstall', 'a'], 'unexpected argument "a"'],
    [['install', '--for', 'launcher'], '--for is "launcher"; expected osquery, orbit, all'],
  ])('%j is explained with exit code 2', async (args, message) => {
    const { exit, stderr } = await threecx(here.state, ['extension', ...args])
    expect({ exit, isExplained: stderr.includes(message) }).toEqual({ exit: 2, isExplained: true })
  })
})

function isThere(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}

function linkInstead(path: string): void {
  rmSync(path)
  symlinkSync(join(here.root, 'etc', 'osquery.flags'), path)
}

function directoryInstead(path: string): void {
  rmSync(path)
  mkdirSync(path)
}

function linkDirectory(): void {
  mkdirSync(join(here.root, 'lib'))
  mkdirSync(join(here.root, 'elsewhere'))
  symlinkSync(join(here.root, 'elsewhere'), directory)
}

function openDirectory(mode: number): void {
  mkdirSync(directory, { recursive: true })
  chmodSync(directory, mode)
}

function openParent(): void {
  mkdirSync(join(here.root, 'lib'))
  chmodSync(join(here.root, 'lib'), 0o777)
}

function linkTarget(): void {
  mkdirSync(directory, { recursive: true })
  symlinkSync(join(here.root, 'nowhere'), installed)
}
