/**
 * Real servers for tests: on loopback, in a temporary directory of their own, gone with the test.
 *
 * Those that Debian does not have are built once by `node test/support/servers/install.ts` into a cache outside the
 * tree. Where one is absent its tests are skipped, and say what to do.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where built servers lie. */
export const serverCache = process.env['THREECX_TEST_CACHE'] ?? join(homedir(), '.cache', 'threecx-hunter-tests')

/** What a test needs, and how to get it. */
export interface Installed {
  readonly path: string
  readonly isThere: boolean
  /** For the name of a group of tests: tells why it was skipped. */
  readonly note: string
}

function installed(path: string, remedy: string): Installed {
  const isThere = existsSync(path)
  return { path, isThere, note: isThere ? '' : ` (skipped: ${path} is not there; ${remedy})` }
}

const build = (name: string) => `run node test/support/servers/install.ts ${name}`

export const nginx = installed('/usr/sbin/nginx', 'install nginx-light')
export const opensearch = installed(join(serverCache, 'opensearch', 'Server.class'), build('opensearch'))
export const victoriaLogs = installed(join(serverCache, 'bin', 'victoria-logs'), build('victoria-logs'))
export const otelCollector = installed(join(serverCache, 'bin', 'otelcol'), build('otelcol'))

/** A program that runs until it is stopped. */
export class ServerProcess {
  readonly directory: string
  #child: ChildProcess | undefined

  constructor(name: string) {
    this.directory = mkdtempSync(join(tmpdir(), `threecx-${name}-`))
  }

  /** Starts, and waits until `isReady` no longer rejects. Rejects with the program's own words when it ends before. */
  async start(command: string, args: readonly string[], isReady: () => Promise<unknown>): Promise<void> {
    const log = openSync(join(this.directory, 'output.log'), 'a')
    const child = spawn(command, args, { cwd: this.directory, stdio: ['ignore', log, log] })
    this.#child = child
    let failure: Error | undefined
    child.on('error', (error) => {
      failure = error
    })
    for (;;) {
      try {
        await isReady()
        return
      } catch (cause) {
        if (failure ?? (child.exitCode !== null || child.signalCode !== null)) {
          throw new Error(`${command} ended: ${failure?.message ?? ''}\n${this.output().slice(-4000)}`, { cause })
        }
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  /** What the program said so far. */
  output(): string {
    const path = join(this.directory, 'output.log')
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child && child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      const patience = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await gone
      clearTimeout(patience)
    }
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }
}

/** Tries until it works; the deadline is the test's. */
export async function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  for (let left = 400; ; left--) {
    try {
      return await attempt()
    } catch (cause) {
      if (left === 0) throw cause
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** The JSON of a good answer; rejects for every other. */
export async function fetchJson(url: string, init: RequestInit = {}): Promise<unknown> {
  return JSON.parse(await fetchText(url, init)) as unknown
}

/** The text of a good answer; rejects for every other. */
export async function fetchText(url: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000), ...init })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`)
  return text
}
