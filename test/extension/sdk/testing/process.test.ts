/**
 * A core as a process: started, asked, killed, started again, with an extension that osquery would have started.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const main = join(import.meta.dirname, '../../../../extension/sdk/testing/main.ts')
const extension = join(import.meta.dirname, 'plugin-process.ts')

type Line = Readonly<Record<string, unknown>>

/** The process, and the lines it has said. */
class CoreProcess {
  readonly child: ChildProcess
  readonly #lines: Line[] = []
  readonly #waiting = new Set<() => void>()

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    if (!this.child.stdout) throw new Error('there is no stdout')
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.#lines.push(JSON.parse(line) as Line)
      for (const wake of this.#waiting) wake()
    })
  }

  /** The next line that fits; lines before it are gone. */
  async line(fits: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const at = this.#lines.findIndex(fits)
      const found = this.#lines[at]
      if (found) {
        this.#lines.splice(0, at + 1)
        return found
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      await promise
      this.#waiting.delete(resolve)
    }
  }

  async ask(sql: string): Promise<Line> {
    this.child.stdin?.write(`${sql}\n`)
    return await this.line((line) => 'rows' in line || 'error' in line)
  }

  async end(signal?: NodeJS.Signals): Promise<void> {
    const ended = once(this.child, 'exit')
    if (signal) this.child.kill(signal)
    else this.child.stdin?.end()
    await ended
  }
}

describe('a core as a process', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'core-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('starts an extension as osquery does, answers SQL, and takes it along when it ends', async () => {
    const socket = join(folder, 'em')
    const core = new CoreProcess(['--socket', socket, '--interval', '200', '--extension', extension, '--extra', 'x'])
    const { uuid } = await core.line(({ event, name }) => event === 'registered' && name === 'from_process')
    await core.line(({ event }) => event === 'pinged')
    expect(await core.ask('SELECT n, argv, parent FROM from_process')).toEqual({
      rows: [
        { n: '7', argv: `--socket ${socket} --timeout 3 --interval 0.2 --extra x`, parent: String(core.child.pid) },
      ],
    })
    expect(await core.ask('SELECT')).toEqual({ error: 'incomplete input' })
    await core.end()
    expect([existsSync(socket), existsSync(`${socket}.${String(uuid)}`)]).toEqual([false, false])
  })

  it('leaves its socket behind when it is killed, and the next one takes it over', async () => {
    const socket = join(folder, 'em')
    const killed = new CoreProcess(['--socket', socket])
    await killed.line(({ event }) => event === 'started')
    await killed.end('SIGKILL')
    expect(existsSync(socket)).toBe(true)
    const next = new CoreProcess(['--socket', socket])
    await next.line(({ event }) => event === 'started')
    expect(await next.ask('SELECT 1 AS one; SELECT 2 AS two')).toEqual({ rows: [{ one: '1' }, { two: '2' }] })
    await next.end()
    expect(existsSync(socket)).toBe(false)
  })
})
