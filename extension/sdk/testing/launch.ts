/**
 * Starts an extension as osquery does: its arguments, its environment, again after it ended, gone when osquery ends.
 *
 * `osquery/process/posix/process.cpp`, createExtension; `osquery/core/watcher.cpp`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'

/** What to start, and how. */
export interface LaunchOptions {
  /** An executable, or a module that this runtime runs. */
  readonly file: string
  /** Behind osquery's own arguments. */
  readonly args?: readonly string[]
  /** Where the manager listens. */
  readonly socket: string
  /** osquery's flags, in milliseconds; 3000 each. */
  readonly intervalMs?: number
  readonly timeoutMs?: number
  readonly verbose?: boolean
  /** Milliseconds until an extension that ended is started again; 3000. Infinity: never. */
  readonly respawnMs?: number
  /** Milliseconds between SIGTERM and SIGKILL at the end; 11,000. */
  readonly graceMs?: number
  readonly env?: Readonly<Record<string, string>>
  /** Where its output goes; discarded unless told. */
  output?(text: string): void
}

/** An extension that is kept running. */
export class LaunchedExtension {
  readonly #options: LaunchOptions
  #child: ChildProcess | undefined
  #timer: NodeJS.Timeout | undefined
  #starts = 0
  #isStopping = false
  readonly #exits: (number | NodeJS.Signals)[] = []

  constructor(options: LaunchOptions) {
    this.#options = options
    this.#start()
  }

  /** Undefined between two lives. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** How often it was started. */
  get starts(): number {
    return this.#starts
  }

  /** How its lives ended, oldest first: exit code or signal. */
  get exits(): readonly (number | NodeJS.Signals)[] {
    return this.#exits
  }

  /** Ends it with a signal; it is started again. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child?.kill(signal)
  }

  /** Ends it as osquery does when it ends; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#timer)
    const child = this.#child
    if (!child) return
    const gone = once(child, 'close')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#options.graceMs ?? 11_000)
    await gone
    clearTimeout(timer)
  }

  #start(): void {
    const { file, respawnMs = 3000, env, output } = this.#options
    const [command, ...prefix] = isModule(file) ? [process.execPath, file] : [file]
    const child = spawn(command ?? file, [...prefix, ...this.#arguments()], {
      env: { ...process.env, ...env, OSQUERY_EXTENSION: process.platform === 'win32' ? '1' : String(process.pid) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#starts++
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => output?.(String(text)))
    child.on('error', (error) => output?.(`cannot start ${file}: ${error.message}\n`))
    child.on('close', (code, signal) => {
      this.#exits.push(signal ?? code ?? -1)
      this.#child = undefined
      if (!this.#isStopping && Number.isFinite(respawnMs)) this.#timer = setTimeout(() => this.#start(), respawnMs)
    })
  }

  #arguments(): string[] {
    const { socket, timeoutMs = 3000, intervalMs = 3000, verbose = false, args = [] } = this.#options
    return [
      ...(verbose ? ['--verbose'] : []),
      '--socket',
      socket,
      '--timeout',
      String(timeoutMs / 1000),
      '--interval',
      String(intervalMs / 1000),
      ...args,
    ]
  }
}

function isModule(file: string): boolean {
  return ['.ts', '.mts', '.js', '.mjs', '.cjs'].includes(extname(file))
}

/** Starts an extension. */
export function launchExtension(options: LaunchOptions): LaunchedExtension {
  return new LaunchedExtension(options)
}
