/**
 * A core to test extensions against: what osquery is to them, without osquery.
 *
 * It can end and start again under the same socket; what was registered is forgotten then, as in osquery.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { BoundTable } from '../bind.ts'
import { StatusError, type TextRow } from '../client.ts'
import { checkManagerAddress } from '../transport/address.ts'
import type { PluginCall } from '../wire/responder.ts'
import { CoreRun, type RunOptions } from './core-run.ts'
import { CoreEvents, type Patience } from './events.ts'
import { flags } from './flags.ts'
import {
  type ConfigCaller,
  configCaller,
  type DistributedCaller,
  distributedCaller,
  type LoggerCaller,
  loggerCaller,
  type Send,
} from './plugin-callers.ts'
import { temporarySocket } from './sockets.ts'

/** How a core is made. Times are osquery's own unless told. */
export interface CoreOptions {
  /** Where it listens; a temporary directory of its own unless told. */
  readonly socket?: string
  /** Milliseconds between health checks; 3000, never below 200. */
  readonly intervalMs?: number
  /** Milliseconds an extension has until its socket is there; 3000. */
  readonly timeoutMs?: number
  /** Milliseconds for the ping before each call; 10,000. */
  readonly pingTimeoutMs?: number
  /** Milliseconds for a call, and for a health ping; 300,000. */
  readonly thriftTimeoutMs?: number
  /** Flags that `options` and `osquery_flags` show, besides osquery's defaults. */
  readonly flags?: Readonly<Record<string, string>>
  /** Tables of the core, besides the few it has. */
  readonly tables?: readonly BoundTable[]
  /** The version it says it is; 5.23.1. */
  readonly version?: string
}

/** A configuration an extension pushed. */
export interface PushedConfig {
  readonly source: string
  readonly data: string
}

/** A core. */
export class Core implements AsyncDisposable {
  readonly socket: string
  readonly events: CoreEvents
  readonly #options: RunOptions
  readonly #ownsFolder: boolean
  readonly #pushed: PushedConfig[]
  #run: CoreRun | undefined

  private constructor(options: RunOptions, ownsFolder: boolean, pushed: PushedConfig[]) {
    this.socket = options.socket
    this.events = options.events
    this.#options = options
    this.#ownsFolder = ownsFolder
    this.#pushed = pushed
  }

  /** For `startCore`. */
  static async start(options: CoreOptions): Promise<Core> {
    const { socket = temporarySocket(), intervalMs = 3000, timeoutMs = 3000, thriftTimeoutMs = 300_000 } = options
    checkManagerAddress(socket)
    const pushed: PushedConfig[] = []
    const run: RunOptions = {
      socket,
      intervalMs,
      timeoutMs,
      thriftTimeoutMs,
      pingTimeoutMs: options.pingTimeoutMs ?? 10_000,
      version: options.version ?? '5.23.1',
      flags: flags({
        extensions_socket: socket,
        extensions_interval: seconds(intervalMs),
        extensions_timeout: seconds(timeoutMs),
        thrift_timeout: seconds(thriftTimeoutMs),
        ...options.flags,
      }),
      tables: options.tables ?? [],
      events: new CoreEvents(),
      configPushed: (source, data) => pushed.push({ source, data }),
    }
    const core = new Core(run, options.socket === undefined, pushed)
    await core.restart()
    return core
  }

  /** Whether it runs. */
  get isRunning(): boolean {
    return this.#run !== undefined
  }

  /** Registered extensions by name. */
  get extensions(): ReadonlyMap<string, bigint> {
    return new Map(this.#run?.registrations.all.map(({ uuid, info }) => [info.name, uuid]))
  }

  /** Configurations that were pushed, oldest first. */
  get pushedConfigs(): readonly PushedConfig[] {
    return this.#pushed
  }

  /** Rows of a query, as osquery gives them: everything text. Throws StatusError with osquery's message. */
  async query(sql: string, signal?: AbortSignal): Promise<readonly TextRow[]> {
    try {
      return await this.#running().rows(sql, signal)
    } catch (error) {
      signal?.throwIfAborted()
      throw new StatusError(error instanceof Error ? error.message : String(error), 1)
    }
  }

  /** Resolves with the uuid once an extension of that name is registered and answers pings. */
  async waitFor(name: string, { timeoutMs = 10_000 }: Patience = {}): Promise<bigint> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const uuid = this.extensions.get(name)
      if (uuid !== undefined && (await this.#answers(name))) return uuid
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw new Error(`extension ${JSON.stringify(name)} is not there after ${timeoutMs} ms`)
      await this.events
        .next((event) => 'name' in event && event.name === name, { timeoutMs: Math.min(leftMs, 20) })
        .catch(() => {}) // look again
    }
  }

  /** Calls a plugin of an extension as osquery would; failures are statuses. */
  async call(call: PluginCall) {
    const run = this.#running()
    const owner = run.registrations.ownerOf(call.registry, call.item)
    if (!owner) throw new Error(`no extension has ${call.registry} ${JSON.stringify(call.item)}`)
    return await run.callPlugin(owner, call)
  }

  logger(name: string): LoggerCaller {
    return loggerCaller(this.#sender('logger', name))
  }

  config(name: string): ConfigCaller {
    return configCaller(this.#sender('config', name))
  }

  distributed(name: string): DistributedCaller {
    return distributedCaller(this.#sender('distributed', name))
  }

  /** Checks the health of all extensions now, instead of at the next interval. */
  async checkHealth(): Promise<void> {
    await this.#running().checkHealth()
  }

  /** Forgets an extension without telling it, as after a missed ping. */
  drop(name: string): void {
    const uuid = this.extensions.get(name)
    if (uuid === undefined) throw new Error(`extension ${JSON.stringify(name)} is not registered`)
    this.#running().remove(uuid, 'dropped')
  }

  /** Ends: extensions are told, sockets are removed. */
  async stop(): Promise<void> {
    const run = this.#run
    this.#run = undefined
    await run?.stop()
    if (this.#ownsFolder && process.platform !== 'win32') {
      rmSync(dirname(this.socket), { recursive: true, force: true })
    }
  }

  /** Ends as by SIGKILL: nobody is told, socket files stay. */
  async kill(): Promise<void> {
    const run = this.#run
    this.#run = undefined
    await run?.kill()
  }

  /** Starts under the same socket, with nothing registered; ends first if it runs. */
  async restart(): Promise<void> {
    const run = this.#run
    this.#run = undefined
    await run?.stop()
    if (this.#ownsFolder && process.platform !== 'win32')
      mkdirSync(dirname(this.socket), { recursive: true, mode: 0o700 })
    this.#run = await CoreRun.start(this.#options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #running(): CoreRun {
    if (!this.#run) throw new Error('the core does not run; start it with restart()')
    return this.#run
  }

  async #answers(name: string): Promise<boolean> {
    return (await this.#run?.isReachable(name)) ?? false
  }

  #sender(registry: string, item: string): Send {
    return (request) => this.call({ registry, item, request })
  }
}

function seconds(ms: number): string {
  return String(ms / 1000)
}
