/**
 * Runs rules in a thread of their own, one file at a time, with a time and a memory to stay within.
 *
 * The thread is started by the first file and ended after a while without one: YARA's memory is only given back so. A
 * file that takes too long, or that brings the thread down, costs itself; the next one finds a new thread.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads'
import type { FromThread, ScannedFile, ThreadProblem, ThreadRule, ThreadSetup, ToThread } from './messages.ts'

/** What a scanner may take. */
export interface ScannerLimits {
  /** Milliseconds of one scan. */
  readonly timeoutMs: number
  /** Milliseconds in which the rules must compile. */
  readonly startMs: number
  /** Milliseconds without a file after which the thread ends. */
  readonly idleMs: number
  /** Bytes of WebAssembly memory after which the thread is replaced. */
  readonly maxMemoryBytes: number
  /** Mebibytes of the thread's JavaScript heap; V8 ends the process when it has none to begin with. */
  readonly heapMb: number
  /** Another way to start the thread than that of the process. */
  readonly start?: (options: WorkerOptions) => Worker
}

/**
 * One of our rules takes 6 ms for a small file and 2 ms per MiB (measured); a rule of an operator may be slow, and a
 * minute for one file would stop a hunt. 64 MiB is the largest file: with YARA's own tables it fits 256 MiB.
 */
export const defaultScannerLimits: ScannerLimits = {
  timeoutMs: 10_000,
  startMs: 30_000,
  idleMs: 20_000,
  maxMemoryBytes: 256 << 20,
  heapMb: 64,
}

/** Time beyond its limit after which a scan that does not end is ended. */
const graceMs = 2_000

let start = (options: WorkerOptions): Worker => new Worker(new URL('./thread.ts', import.meta.url), options)

/** Replaces how the thread is started, for the whole process; for bundles, which have no module to point at. */
export function startRuleThreadWith(replacement: (options: WorkerOptions) => Worker): void {
  start = replacement
}

/** A scanner over some rules. */
export class RuleScanner {
  readonly #rules: readonly ThreadRule[]
  readonly #limits: ScannerLimits
  #thread: Promise<RuleThread> | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined

  constructor(rules: readonly ThreadRule[], limits: Partial<ScannerLimits> = {}) {
    this.#rules = rules.map(({ file, name, line, imports, text }) => ({ file, name, line, imports, text }))
    this.#limits = { ...defaultScannerLimits, ...limits }
  }

  /** Compiles the rules; answers those that do not compile. Rejects when none of them can be run. */
  async problems(): Promise<readonly ThreadProblem[]> {
    return await this.#inTurn(async (thread) => thread.problems)
  }

  /** Rules that match the bytes, which are handed over and empty afterwards. Rejects with why there is no answer. */
  async scan(bytes: Uint8Array): Promise<ScannedFile> {
    return await this.#inTurn(async (thread) => {
      const answer = await thread.scan(bytes, this.#limits.timeoutMs + graceMs)
      if (answer.memoryBytes > this.#limits.maxMemoryBytes) this.#end()
      if (answer.kind === 'failed') throw new Error(answer.message)
      return answer.matches
    })
  }

  /** Ends the thread; a later file starts another. */
  async close(): Promise<void> {
    clearTimeout(this.#idle)
    await this.#turn
    this.#end()
  }

  /** One at a time, in the order of the calls. */
  #inTurn<T>(work: (thread: RuleThread) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      clearTimeout(this.#idle)
      const thread = await this.#started()
      try {
        return await thread.whileNeeded(() => work(thread))
      } catch (cause) {
        if (thread.isGone) this.#thread = undefined
        throw cause
      } finally {
        this.#idle = setTimeout(() => this.#end(), this.#limits.idleMs).unref()
      }
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #started(): Promise<RuleThread> {
    this.#thread ??= RuleThread.start({ rules: this.#rules, timeoutMs: this.#limits.timeoutMs }, this.#limits)
    try {
      return await this.#thread
    } catch (cause) {
      this.#thread = undefined
      throw cause
    }
  }

  #end(): void {
    const thread = this.#thread
    this.#thread = undefined
    thread?.then((one) => one.end()).catch(() => {})
  }
}

/** One running thread. */
class RuleThread {
  readonly #worker: Worker
  problems: readonly ThreadProblem[] = []
  isGone = false
  #waiting: PromiseWithResolvers<FromThread> | undefined

  static async start(
    setup: ThreadSetup,
    { startMs, heapMb, start: begin = start }: ScannerLimits,
  ): Promise<RuleThread> {
    const resourceLimits = { maxOldGenerationSizeMb: heapMb }
    const thread = new RuleThread(begin({ name: 'rules', workerData: setup, resourceLimits }))
    const ready = await thread.#answer(startMs, 'the rules were not compiled')
    if (ready.kind !== 'ready') throw new Error('the rules’ thread answered before it was asked')
    thread.problems = ready.problems
    return thread
  }

  constructor(worker: Worker) {
    this.#worker = worker
    worker.unref()
    worker.on('message', (message: FromThread) => this.#waiting?.resolve(message))
    worker.on('error', (cause: NodeJS.ErrnoException) => {
      const isMemory = cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
      this.#gone(isMemory ? 'the rules ran out of memory' : `the rules failed: ${cause.message}`)
    })
    worker.on('exit', () => this.#gone('the rules’ thread ended'))
  }

  async scan(bytes: Uint8Array, waitMs: number): Promise<Exclude<FromThread, { kind: 'ready' }>> {
    const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
    const message: ToThread = { bytes: whole }
    this.#worker.postMessage(message, whole.buffer instanceof ArrayBuffer ? [whole.buffer] : [])
    const answer = await this.#answer(waitMs, 'the rules did not come to an end')
    if (answer.kind === 'ready') throw new Error('the rules’ thread began anew')
    return answer
  }

  /** Keeps the process alive while somebody waits, and only then. */
  async whileNeeded<T>(work: () => Promise<T>): Promise<T> {
    this.#worker.ref()
    try {
      return await work()
    } finally {
      this.#worker.unref()
    }
  }

  end(): void {
    void this.#worker.terminate()
  }

  async #answer(waitMs: number, late: string): Promise<FromThread> {
    this.#waiting = Promise.withResolvers<FromThread>()
    this.#worker.ref()
    const timer = setTimeout(() => {
      this.#gone(`${late} within ${waitMs / 1000} s`)
      this.end()
    }, waitMs)
    try {
      return await this.#waiting.promise
    } finally {
      clearTimeout(timer)
      this.#waiting = undefined
    }
  }

  #gone(why: string): void {
    this.isGone = true
    this.#waiting?.reject(new Error(why))
  }
}
