/** The single file by itself: copied to an empty directory, with an empty environment and no repository in sight. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import packageFile from '../../package.json' with { type: 'json' }
import { buildExecutable } from '../../scripts/build-ext.ts'
import { bundle } from '../../scripts/executable/bundle.ts'
import { builtExecutable, runAlone } from '../support/executable.ts'
import { privatePlace } from '../support/private-place.ts'
import { type PlantedFile, plantImage } from '../support/sample-image.ts'

const repository = join(import.meta.dirname, '..', '..')
const place = privatePlace()
const isRoot = process.getuid?.() === 0
/** Whether we may hide directories from a child, which takes rights that a container may withhold. */
const canMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0

let scratch: string
let file: string
let built: string
let image: string
let planted: PlantedFile[]

beforeAll(async () => {
  built = await builtExecutable()
  scratch = mkdtempSync(join(tmpdir(), 'threecx-executable-'))
  chmodSync(scratch, 0o755)
  mkdirSync(join(scratch, 'alone'))
  file = join(scratch, 'alone', basename(built))
  copyFileSync(built, file)
  image = join(scratch, 'image')
  planted = plantImage('windows', image, { clean: false }).filter((one) => one.verdict !== undefined)
}, 240_000)

afterAll(() => {
  if (scratch !== undefined) rmSync(scratch, { recursive: true })
  if ('path' in place) rmSync(place.path, { recursive: true, force: true })
})

const run = (args: readonly string[], options: Parameters<typeof runAlone>[2] = {}) =>
  runAlone(file, args, { cwd: dirname(file), ...options })

/** A hunt that reports its engine and reason in the log. */
const hunt = (env: NodeJS.ProcessEnv, ...args: string[]) =>
  run(['hunt', '--root', image, '--format', 'json', '--verbose', ...args], { env })

/** The log line that says which engine was taken, and why. */
function engineLine(stderr: string): Record<string, unknown> {
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'))
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return records.find((record) => record['msg'] === 'engine chosen') ?? {}
}

const pathsOf = (stdout: string) => (JSON.parse(stdout) as { path: string }[]).map((row) => row.path).sort()

const hasAddon = () => {
  const { engines } = JSON.parse(readFileSync(`${built}.json`, 'utf8')) as { engines: string[] }
  return engines.includes('native')
}

describe('the file alone', () => {
  it('helps, and says its version', async () => {
    expect(await run(['--help'])).toMatchObject({
      exit: 0,
      stderr: '',
      stdout: expect.stringContaining('threecx hunt'),
    })
    expect(await run(['--version'])).toEqual({ exit: 0, stderr: '', stdout: `${packageFile.version}\n` })
  })

  it('knows the indicators and finds no problem in them', async () => {
    const { exit, stdout } = await run(['indicators', 'list', '--type', 'domain', '--format', 'csv'])
    expect({ exit, hasOne: stdout.includes('visualstudiofactory.com') }).toEqual({ exit: 0, hasOne: true })
    expect(await run(['indicators', 'check'])).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('no problems'),
    })
  })

  it('finds what was planted in an image', async () => {
    const { exit, stdout } = await run(['hunt', '--root', image, '--no-cache', '--format', 'json'])
    expect(exit).toBe(1)
    expect(pathsOf(stdout)).toEqual(planted.map((one) => join(image, one.path)).sort())
  })

  it('answers SQL', async () => {
    const sql = "SELECT verdict, count(*) AS n FROM threecx_artifacts GROUP BY verdict HAVING verdict = 'malicious'"
    const { exit, stdout } = await run(['query', sql, '--root', image, '--no-cache', '--format', 'json'])
    const n = planted.filter((one) => one.verdict === 'malicious').length
    expect({ exit, rows: JSON.parse(stdout) }).toEqual({ exit: 0, rows: [{ verdict: 'malicious', n }] })
  })

  it('takes an unknown word for a mistyped command', async () => {
    const { exit, stderr } = await run(['hnut'])
    expect({ exit, names: stderr.includes('there is no command "hnut"') }).toEqual({ exit: 2, names: true })
  })

  it.runIf(canMount)('needs nothing of the repository', async () => {
    const script = 'mount -t tmpfs tmpfs "$0" && test -z "$(ls -A "$0")" && exec "$@"'
    const sql = 'SELECT count(*) AS n FROM threecx_indicators'
    const args = ['--mount', 'sh', '-c', script, repository, file, 'query', sql, '--no-cache', '--format', 'csv']
    const { exit, stdout } = await runAlone('/usr/bin/unshare', args, { env: { PATH: process.env['PATH'] } })
    expect({ exit, stdout: stdout.replace(/\d{3,}/, 'many') }).toEqual({ exit: 0, stdout: 'n\r\nmany\r\n' })
  })

  it('holds no path of the machine that built it', () => {
    expect(readFileSync(file).includes(repository)).toBe(false)
  })

  it('lists what is inside, with the digest of the file beside it', () => {
    const contents = JSON.parse(readFileSync(`${built}.json`, 'utf8')) as { files: { name: string; sha256: string }[] }
    const places = contents.files.find((one) => one.name === 'iocs/places.json')
    const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')
    expect(places?.sha256).toBe(sha256(join(repository, 'iocs', 'places.json')))
    expect(readFileSync(`${built}.sha256`, 'utf8')).toBe(`${sha256(built)}  ${basename(built)}\n`)
  })

  it('is bundled to the same bytes again', async () => {
    const contents = JSON.parse(readFileSync(`${built}.json`, 'utf8')) as { files: { name: string; sha256: string }[] }
    const bundles = await bundle(repository, join(scratch, 'again'))
    for (const { name, path } of bundles) {
      const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
      expect(contents.files.find((one) => one.name === name)?.sha256).toBe(sha256)
    }
  })
})

describe('the environment', () => {
  it('brings no code in through NODE_OPTIONS or the configuration of OpenSSL', async () => {
    const script = join(scratch, 'injected.cjs')
    writeFileSync(script, 'console.log("INJECTED")')
    const config = join(scratch, 'openssl.cnf')
    writeFileSync(
      config,
      'nodejs_conf = a\n[a]\nproviders = b\n[b]\nx = c\n[c]\nmodule = /nonexistent.so\nactivate = 1\n',
    )
    const env = { NODE_OPTIONS: `--require ${script}`, OPENSSL_CONF: config }
    expect(await run(['--version'], { env })).toEqual({ exit: 0, stderr: '', stdout: `${packageFile.version}\n` })
  })

  it('may lack a home directory', async () => {
    const options = { env: {}, ...(isRoot ? { uid: 65534 } : {}) }
    const { exit, stdout } = await run(['hunt', '--root', image, '--format', 'json', '--no-cache'], options)
    expect({ exit, found: pathsOf(stdout).length }).toEqual({ exit: 1, found: planted.length })
  })

  it.runIf(isRoot)('may offer no place for state: the hunt goes on with the portable engine and says so', async () => {
    const { exit, stderr } = await run(['hunt', '--root', image, '--format', 'json', '--verbose'], {
      env: {},
      uid: 65534,
    })
    expect(exit).toBe(1)
    expect(stderr).toContain('state directory cannot be used')
    expect(engineLine(stderr)).toMatchObject({ engine: 'portable' })
  })
})

describe('the native engine inside', () => {
  let state: string

  beforeAll(() => {
    if ('path' in place) state = mkdtempSync(join(place.path, 'state-'))
  })

  it('is unpacked for its user alone and loaded', async ({ skip }) => {
    if ('reason' in place) return skip(`this user has no private place: ${place.reason}`)
    if (!hasAddon()) return skip('the executable was built without a native engine')
    const { exit, stderr } = await hunt({ THREECX_STATE: state })
    expect(exit).toBe(1)
    expect(engineLine(stderr)).toMatchObject({ engine: 'native' })
    const [name = '', ...others] = readdirSync(join(state, 'native'))
    const unpacked = statSync(join(state, 'native', name))
    expect(others).toEqual([])
    expect(name).toBe(
      `${createHash('sha256')
        .update(readFileSync(join(state, 'native', name)))
        .digest('hex')}.node`,
    )
    expect((statSync(join(state, 'native')).mode & 0o7777).toString(8)).toBe('700')
    expect([(unpacked.mode & 0o7777).toString(8), unpacked.uid]).toEqual(['600', process.getuid?.()])
  })

  it('is replaced before it is loaded when somebody changed it', async ({ skip }) => {
    if ('reason' in place) return skip(`this user has no private place: ${place.reason}`)
    if (!hasAddon()) return skip('the executable was built without a native engine')
    await hunt({ THREECX_STATE: state })
    const [name = ''] = readdirSync(join(state, 'native'))
    const path = join(state, 'native', name)
    const right = readFileSync(path)
    const wrong = Buffer.from(right)
    wrong.fill(0xcc, 64)
    writeFileSync(path, wrong)
    const { exit, stderr } = await hunt({ THREECX_STATE: state })
    expect({ exit, engine: engineLine(stderr)['engine'] }).toEqual({ exit: 1, engine: 'native' })
    expect(readFileSync(path).equals(right)).toBe(true)
  })

  it('is not unpacked below a directory that others can write to; the portable engine works and says why', async ({
    skip,
  }) => {
    if ('reason' in place) return skip(`this user has no private place: ${place.reason}`)
    if (!hasAddon()) return skip('the executable was built without a native engine')
    const open = mkdtempSync(join(place.path, 'open-'))
    chmodSync(open, 0o777)
    const { exit, stdout, stderr } = await hunt({ THREECX_STATE: join(open, 'state') })
    expect({ exit, found: pathsOf(stdout).length }).toEqual({ exit: 1, found: planted.length })
    expect(engineLine(stderr)).toMatchObject({
      level: 40,
      engine: 'portable',
      reason: expect.stringContaining(`${open} can be written to by everybody (mode 777)`),
    })
    expect(existsSync(join(open, 'state', 'native'))).toBe(false)
  })

  it.runIf(canMount)('stays inside when the state is on a read-only file system', async ({ skip }) => {
    if ('reason' in place) return skip(`this user has no private place: ${place.reason}`)
    if (!hasAddon()) return skip('the executable was built without a native engine')
    const sealed = mkdtempSync(join(place.path, 'sealed-'))
    const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    const args = ['--mount', 'sh', '-c', script, sealed, file, 'hunt', '--root', image, '--format', 'json', '--verbose']
    const env = { PATH: process.env['PATH'], THREECX_STATE: sealed }
    const { exit, stdout, stderr } = await runAlone('/usr/bin/unshare', args, { env })
    expect({ exit, stderr, found: exit === 1 ? pathsOf(stdout).length : stdout }).toMatchObject({
      exit: 1,
      found: planted.length,
    })
    expect(engineLine(stderr)).toMatchObject({ engine: 'portable', reason: expect.stringContaining('EROFS') })
  })
})

describe('an executable for Windows', () => {
  it('is built here from the runtime in the registry', { timeout: 240_000 }, async ({ skip }) => {
    let output: string
    try {
      output = await buildExecutable('win32-x64', join(scratch, 'windows'))
    } catch (cause) {
      if (cause instanceof Error && cause.message.includes('from the npm registry')) return skip(cause.message)
      throw cause
    }
    const bytes = readFileSync(output)
    const header = bytes.readUInt32LE(0x3c)
    expect(basename(output)).toBe('threecx_hunter.ext.exe')
    expect(bytes.toString('latin1', 0, 2)).toBe('MZ')
    expect(bytes.toString('latin1', header, header + 4)).toBe('PE\0\0')
    expect(bytes.readUInt16LE(header + 4)).toBe(0x8664)
    expect(bytes.includes(Buffer.from('NODE_SEA_BLOB', 'utf16le'))).toBe(true)
    expect(bytes.includes('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1')).toBe(true)
    expect(bytes.includes(readFileSync(join(repository, 'iocs', 'places.json')))).toBe(true)
  })
})
