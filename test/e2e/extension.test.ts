/** The single file as an extension: the real process, a core in another one, and what happens to either of them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ExtensionClient } from '../../extension/sdk/client.ts'
import { extensionAddress } from '../../extension/sdk/transport/address.ts'
import { tables } from '../../extension/tables/index.ts'
import { builtExecutable } from '../support/executable.ts'
import { privatePlace } from '../support/private-place.ts'
import { type PlantedFile, plantImage } from '../support/sample-image.ts'

const coreModule = join(import.meta.dirname, '../../extension/sdk/testing/main.ts')
const place = privatePlace()
const intervalMs = 300

type Row = Readonly<Record<string, string>>
type Line = {
  readonly event?: string
  readonly name?: string
  readonly uuid?: number
  readonly rows?: Row[]
  readonly error?: string
}

/** A core in a process of its own, asked line by line. */
class CoreProcess {
  readonly child: ChildProcess
  readonly #lines: Line[] = []
  #wake = Promise.withResolvers<void>()
  #read = 0

  constructor(socket: string) {
    const args = [coreModule, '--socket', socket, '--interval', String(intervalMs)]
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    if (!this.child.stdout) throw new Error('the core has no output')
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.#lines.push(JSON.parse(line) as Line)
      this.#wake.resolve()
    })
  }

  /** The next line that fits, from where the last look ended. */
  async next(fits: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      while (this.#read < this.#lines.length) {
        const line = this.#lines[this.#read++]
        if (line && fits(line)) return line
      }
      this.#wake = Promise.withResolvers<void>()
      await this.#wake.promise
    }
  }

  async registered(): Promise<number> {
    return (await this.next(({ event, name }) => event === 'registered' && name === 'threecx_hunter')).uuid ?? 0
  }

  async query(sql: string): Promise<Row[]> {
    this.child.stdin?.write(`${sql}\n`)
    const { rows, error } = await this.next((line) => line.rows !== undefined || line.error !== undefined)
    if (error !== undefined) throw new Error(error)
    return rows ?? []
  }

  /** The answer once the extension serves at the uuid it was given. */
  async served(sql: string): Promise<Row[]> {
    return await expect
      .poll(() => this.query(sql).catch(() => undefined), { timeout: 10_000 })
      .toBeDefined()
      .then(() => this.query(sql))
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.kill(signal)
    await ended
  }
}

let scratch: string
let file: string
let socket: string
let image: string
let planted: PlantedFile[]

beforeAll(async () => {
  file = await builtExecutable()
  scratch = mkdtempSync(join(tmpdir(), 'threecx-ext-'))
  socket = join(scratch, 'em')
  image = join(scratch, 'image')
  planted = plantImage('windows', image, { clean: false }).filter((one) => one.verdict === 'malicious')
}, 240_000)

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true })
  if ('path' in place) rmSync(place.path, { recursive: true, force: true })
})

function startExtension(...args: string[]): { child: ChildProcess; ended: Promise<number | null>; said: string[] } {
  const state = 'path' in place ? place.path : join(scratch, 'state')
  const child = spawn(file, ['--socket', socket, '--timeout', '3', '--interval', String(intervalMs / 1000), ...args], {
    env: { PATH: process.env['PATH'], THREECX_STATE: state },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said: string[] = []
  child.stderr?.setEncoding('utf8').on('data', (text: string) => said.push(text))
  return { child, ended: new Promise((resolve) => child.once('exit', resolve)), said }
}

describe('threecx_hunter.ext', () => {
  it('answers every table and every example, in SQL, with rows of their own ids', async () => {
    const core = new CoreProcess(socket)
    await core.next(({ event }) => event === 'started')
    const { child, ended } = startExtension('--some-flag=of-tomorrow')
    await core.registered()
    await core.served('SELECT * FROM threecx_extension')
    for (const { name, examples } of tables) {
      for (const sql of [`SELECT * FROM ${name}`, ...examples]) await core.query(sql)
    }
    expect(await core.query('SELECT * FROM threecx_verdict')).toHaveLength(1)
    const [health] = await core.query('SELECT engine, registrations, pid, rss FROM threecx_extension')
    expect(health).toMatchObject({ registrations: '1', pid: String(child.pid) })
    if ('path' in place) expect(health).toMatchObject({ engine: 'native' })
    const found = await core.query(`SELECT path FROM threecx_artifacts WHERE path LIKE '${image}/%' OR sha256 = 'aa'`)
    const byContent = planted.filter((one) => one.matchedBy.some((reason) => reason !== 'path'))
    expect(found.map((row) => row['path'])).toEqual(
      expect.arrayContaining(byContent.map((one) => join(image, one.path))),
    )
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    await core.next(({ event }) => event === 'removed')
    await core.end('SIGKILL')
  }, 60_000)

  it('outlives a core that is killed, drops it, or ends, in the same process', async () => {
    const first = new CoreProcess(socket)
    await first.next(({ event }) => event === 'started')
    const { child, ended } = startExtension()
    await first.registered()
    const pid = [{ pid: String(child.pid) }]
    expect(await first.served('SELECT pid FROM threecx_extension')).toEqual(pid)
    await first.query('.drop threecx_hunter')
    await first.registered()
    expect(await first.served('SELECT pid FROM threecx_extension')).toEqual(pid)
    await first.end('SIGKILL')
    const second = new CoreProcess(socket)
    await second.registered()
    expect(await second.served('SELECT pid, registrations FROM threecx_extension')).toEqual([
      { pid: String(child.pid), registrations: '3' },
    ])
    await second.end('SIGTERM')
    const third = new CoreProcess(socket)
    await third.registered()
    expect(await third.served('SELECT pid FROM threecx_extension')).toEqual(pid)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    await third.end('SIGKILL')
  }, 60_000)

  it('leaves no orphan when the process that started it is killed', async () => {
    const core = new CoreProcess(socket)
    await core.next(({ event }) => event === 'started')
    const args = ['--socket', socket, '--timeout', '3', '--interval', '0.3']
    const script = `require('node:child_process').spawn(${JSON.stringify(file)}, ${JSON.stringify(args)}, { stdio: 'ignore' })
      .once('spawn', function () { console.log(this.pid) }); setInterval(() => {}, 1000)`
    const env = { ...process.env, OSQUERY_EXTENSION: String(process.pid), THREECX_STATE: join(scratch, 'state') }
    const parent = spawn(process.execPath, ['-e', script], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const pid = await new Promise<number>((resolve) => parent.stdout?.once('data', (text) => resolve(Number(text))))
    await core.registered()
    parent.kill('SIGKILL')
    await core.next(({ event }) => event === 'removed')
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
    await core.end('SIGKILL')
  }, 60_000)

  it('is back in the same breath: ping and columns while every table is asked', async () => {
    const core = new CoreProcess(socket)
    await core.next(({ event }) => event === 'started')
    const { child, ended } = startExtension()
    const uuid = await core.registered()
    await core.served('SELECT 1 FROM threecx_extension')
    const client = new ExtensionClient(extensionAddress(socket, BigInt(uuid)))
    const asked = Promise.all(
      tables.map(({ name }) =>
        client.call({ registry: 'table', item: name, request: { action: 'generate', context: '{}' } }),
      ),
    )
    for (const { name } of tables) {
      expect((await client.ping()).message).toBe('pong')
      const { response } = await client.call({ registry: 'table', item: name, request: { action: 'columns' } })
      expect(response.filter((route) => route['id'] === 'column').length).toBeGreaterThan(5)
    }
    for (const { status } of await asked) expect(status.message).toBe('OK')
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    await core.end('SIGKILL')
  }, 60_000)

  it('says what is wrong with its arguments, in one line, and ends with 2', async () => {
    const args = ['--socket', `/${'long/'.repeat(30)}em`]
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env: {} })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(2)
    expect(said.trim().split('\n')).toHaveLength(1)
    expect(said).toContain('101 are the most')
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
