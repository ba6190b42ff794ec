/**
 * The embedded engine in a process of its own, which is there only while queries run.
 *
 * What tables, native code and WebAssembly took comes back whole when the process ends, so a daemon that waits stays
 * small. And a query that crashes, runs out of memory or holds its thread costs that process and not the daemon: it is
 * the same here as with osqueryd. The other side is `serve-engine.ts`, in whatever program the options name.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { type Alarm, systemAlarm } from '../../extension/runtime/clock.ts'
import { type Engine, EngineError, type QueryBudget, type ResultSet } from './engine.ts'
import type { FromEngine, ToEngine } from './engine-messages.ts'
import { followedVersion } from './followed-version.ts'
import { shortened } from './statement-text.ts'

/** What to start, and its bounds. */
export interface ProcessEngineOptions {
  /** A program that calls `serveEngine`. */
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Milliseconds without a query until the process is ended; a minute unless told. */
  readonly idleMs?: number
  /** Milliseconds for a query to stop, or the process to end, before it is killed; 15 s unless told: more than the engine itself takes. */
  readonly killMs?: number
  readonly alarm?: Alarm
}

interface Question {
  resolve(result: ResultSet): void
  reject(error: EngineError): void
  readonly sql: string
}

const defaultIdleMs = 60_000
const defaultKillMs = 15_000

/** The engine. */
export class ProcessEngine implements Engine {
  readonly name = 'embedded'
  readonly #options: ProcessEngineOptions
  readonly #alarm: Alarm
  #host: Host | undefined
  /** Of processes that have ended. */
  #pastCpuMs = 0
  #asking = 0
  #isClosed = false
  #callOff = () => {}

  constructor(options: ProcessEngineOptions) {
    this.#options = options
    this.#alarm = options.alarm ?? systemAlarm
  }

  /** Pid of the process; undefined while there is none. */
  get pid(): number | undefined {
    return this.#host?.pid
  }

  async query(sql: string, budget: QueryBudget, signal: AbortSignal): Promise<ResultSet> {
    if (this.#isClosed) throw new EngineError('unreachable', `cannot run ${shortened(sql)}: the engine was closed`)
    this.#callOff()
    this.#asking++
    try {
      this.#host ??= this.#start()
      return await this.#host.ask(sql, budget, signal)
    } finally {
      this.#asking--
      if (this.#asking === 0 && this.#host !== undefined) {
        this.#callOff = this.#alarm.after(this.#options.idleMs ?? defaultIdleMs, () => void this.#end())
      }
    }
  }

  async version(): Promise<string> {
    return followedVersion
  }

  cpuMs(): number {
    return this.#pastCpuMs + (this.#host?.cpuMs ?? 0)
  }

  /** Ends the process; queries that run are rejected. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#callOff()
    await this.#end()
  }

  #start(): Host {
    const host = new Host(this.#options, this.#alarm)
    void host.gone.then(() => this.#forget(host))
    return host
  }

  async #end(): Promise<void> {
    const host = this.#host
    if (host === undefined) return
    this.#forget(host) // a query that comes now gets a process of its own
    await host.end()
  }

  #forget(host: Host): void {
    if (this.#host !== host) return
    this.#host = undefined
    this.#pastCpuMs += host.cpuMs
  }
}

/** One life of the process. */
class Host {
  /** Settles when the process is gone. */
  readonly gone: Promise<void>
  cpuMs = 0
  readonly #child: ChildProcess
  readonly #alarm: Alarm
  readonly #killMs: number
  readonly #ready = Promise.withResolvers<void>()
  readonly #questions = new Map<number, Question>()
  #lastId = 0
  /** Why it was killed by us, if it was. */
  #killed: string | undefined

  constructor({ command, args, env, killMs = defaultKillMs }: ProcessEngineOptions, alarm: Alarm) {
    this.#alarm = alarm
    this.#killMs = killMs
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
      windowsHide: true,
      ...(env && { env }),
    })
    this.#ready.promise.catch(() => {}) // whoever asks hears of it
    const { promise, resolve } = Promise.withResolvers<void>()
    this.gone = promise
    this.#child.on('message', (message: FromEngine) => this.#receive(message))
    this.#child.on('error', (error) => {
      if (this.#child.pid !== undefined) return // a signal or a message did not arrive; its end will be heard
      this.#fail(`${JSON.stringify(command)} cannot be started: ${error.message}`, false)
      resolve()
    })
    this.#child.on('exit', (code, signal) => {
      const found = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
      this.#fail(this.#killed ?? `its process ${found}`, this.#killed === undefined)
      resolve()
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  async ask(sql: string, budget: QueryBudget, signal: AbortSignal): Promise<ResultSet> {
    const id = ++this.#lastId
    const { promise, resolve, reject } = Promise.withResolvers<ResultSet>()
    this.#questions.set(id, { resolve, reject, sql })
    let callOff = () => {}
    const onAbort = () => {
      this.#send({ kind: 'stop', id })
      callOff = this.#alarm.after(this.#killMs, () => {
        reject(new EngineError('stalled', `cannot run ${shortened(sql)}: it did not stop when its time was over`))
        this.#kill('another query had to be ended with the process')
      })
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    try {
      await Promise.race([this.#ready.promise, promise])
      this.#send({ kind: 'query', id, sql, budget })
      if (signal.aborted) this.#send({ kind: 'stop', id })
      return await promise
    } finally {
      callOff()
      signal.removeEventListener('abort', onAbort)
      this.#questions.delete(id)
    }
  }

  /** Ends the process: the channel is closed, and when that is not enough it is killed. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    this.#fail('the engine was closed', false)
    const callOff = this.#alarm.after(this.#killMs, () => this.#kill('it did not end'))
    await this.gone
    callOff()
  }

  #receive(message: FromEngine): void {
    if (message.kind === 'ready') {
      this.#ready.resolve()
      return
    }
    this.cpuMs = message.cpuMs
    const question = this.#questions.get(message.id)
    if (message.kind === 'result') question?.resolve(message.result)
    else {
      const { code, isInterrupted } = message
      question?.reject(new EngineError(code, message.message, { isInterrupted }))
    }
  }

  #kill(reason: string): void {
    this.#killed ??= reason
    this.#child.kill('SIGKILL')
  }

  #fail(reason: string, isInterrupted: boolean): void {
    for (const { reject, sql } of this.#questions.values()) {
      reject(new EngineError('unreachable', `cannot run ${shortened(sql)}: ${reason}`, { isInterrupted }))
    }
    this.#ready.reject(new EngineError('unreachable', `the engine cannot be asked: ${reason}`))
  }

  #send(message: ToEngine): void {
    if (this.#child.connected) this.#child.send(message, () => {}) // that it did not arrive shows in its exit
  }
}
