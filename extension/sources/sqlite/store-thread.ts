/**
 * Has databases read in a thread of their own, one at a time, with a time and a memory to stay within.
 *
 * The thread is started by the first database that may hold something and ended after a while without one: WebAssembly
 * gives memory back only so. A database that takes too long or brings the thread down costs itself.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads'
import type { FromStoreThread, ReadAnswer, ReadMessage } from './messages.ts'

/** Milliseconds until a thread must have loaded SQLite. */
const startMs = 30_000
/** Milliseconds beyond those of a database, twice (it may be salvaged), after which its thread is ended. */
const graceMs = 2_000
const idleMs = 10_000
/** WebAssembly memory after which the thread is replaced. */
const maxMemoryBytes = 256 << 20
/** Texts that are kept of 20,000 rows, and the buffers are outside of the heap. */
const heapMb = 256

let start = (options: WorkerOptions): Worker => new Worker(new URL('./thread.ts', import.meta.url), options)

/** Replaces how the thread is started, for the whole process; for bundles, which have no module to point at. */
export function startStoreThreadWith(replacement: (options: WorkerOptions) => Worker): void {
  start = replacement
}

let thread: StoreThread | undefined
let turn: Promise<unknown> = Promise.resolve()
let idle: NodeJS.Timeout | undefined

/** Reads a database, whose buffers are handed over. Rejects with why there is no answer. */
export function readDatabase(message: ReadMessage, signal: AbortSignal): Promise<ReadAnswer> {
  const mine = turn.then(async () => {
    signal.throwIfAborted()
    clearTimeout(idle)
    if (thread?.isGone !== false) thread = new StoreThread()
    try {
      const answer = await thread.read(message)
      if (answer.memoryBytes > maxMemoryBytes) endStoreThread()
      return answer
    } finally {
      idle = setTimeout(endStoreThread, idleMs)
      idle.unref()
    }
  })
  turn = mine.catch(() => {})
  return mine
}

/** Ends the thread; a later database starts another. */
export function endStoreThread(): void {
  clearTimeout(idle)
  thread?.end('it is not needed any more')
  thread = undefined
}

/** One running thread. */
class StoreThread {
  isGone = false
  readonly #worker: Worker
  readonly #ready: Promise<FromStoreThread>
  #waiting: PromiseWithResolvers<FromStoreThread> | undefined

  constructor() {
    this.#worker = start({ name: 'stores', resourceLimits: { maxOldGenerationSizeMb: heapMb } })
    this.#worker.on('message', (message: FromStoreThread) => this.#waiting?.resolve(message))
    this.#worker.on('error', (cause: Error) => this.end(cause.message))
    this.#worker.on('exit', () => this.end('its thread ended'))
    this.#ready = this.#answer(startMs)
    this.#ready.catch(() => {}) // told to whoever reads first
  }

  async read(message: ReadMessage): Promise<ReadAnswer> {
    await this.#ready
    const answer = this.#answer(2 * message.timeoutMs + graceMs)
    const buffers = [message.database, message.log, message.journal].flatMap((one) => one?.buffer ?? [])
    this.#worker.postMessage(message, buffers as ArrayBuffer[])
    const read = await answer
    if (read.kind !== 'read') throw new Error('SQLite began anew')
    return read
  }

  /** No answer comes any more. */
  end(why: string): void {
    if (this.isGone) return
    this.isGone = true
    this.#waiting?.reject(new Error(`SQLite could not read it: ${why}`))
    void this.#worker.terminate()
  }

  /** The next message. The process stays alive while somebody waits, and only then. */
  async #answer(waitMs: number): Promise<FromStoreThread> {
    this.#waiting = Promise.withResolvers<FromStoreThread>()
    this.#worker.ref()
    const timer = setTimeout(() => this.end(`no answer within ${waitMs / 1000} s`), waitMs)
    try {
      return await this.#waiting.promise
    } finally {
      clearTimeout(timer)
      this.#waiting = undefined
      this.#worker.unref()
    }
  }
}
