/**
 * Plugins in a thread of their own, from the serving side: whatever they do, ping and columns are answered.
 *
 * A table that never returns to its loop, or fills its heap, costs its thread: callers get the reason, a new thread
 * takes its place, and the registration with osquery stays as it is.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import type { Answer, PluginCall, PluginDescription } from '../plugin.ts'
import { startThread } from '../thread.ts'
import type { HostOptions, PluginHost, SessionView } from './host.ts'
import type { FromPlugins, ThreadSetup, ToPlugins } from './messages.ts'

/** Options of a thread of plugins. */
export interface ThreadOptions extends HostOptions {
  /** Module whose default export makes the plugins; absent where the thread knows them. */
  readonly module?: string
  /** Mebibytes of the thread's heap. */
  readonly heapMb?: number
  /** Milliseconds for the plugins to be made. */
  readonly startMs?: number
  /** Milliseconds without a turn of its loop, with calls waiting, after which the thread is replaced. */
  readonly stuckMs?: number
  /** Milliseconds plugins have to close. */
  readonly closeMs?: number
}

interface Waiting {
  readonly what: string
  resolve(answer: Answer): void
  reject(error: Error): void
}

/**
 * Mebibytes for what rows leave behind. With the runtime's 48, answers of 100,000 rows let the process grow to 250 MB;
 * with 24 to 208, equally fast.
 */
const youngMb = 24

const defaults = { startMs: 30_000, stuckMs: 30_000, closeMs: 5_000 }
/** Milliseconds between a thread's end and the next one; doubled each time it ends at once again. */
const restartMs = { first: 250, most: 30_000, steadyAfter: 60_000 }

/** Opens a thread of plugins; rejects when they cannot be made. */
export async function openThreadHost(options: ThreadOptions): Promise<PluginHost> {
  const host = new ThreadHost(options)
  await host.start()
  return host
}

class ThreadHost implements PluginHost {
  plugins: readonly PluginDescription[] = []
  readonly #options: ThreadOptions & typeof defaults
  readonly #waiting = new Map<number, Waiting>()
  readonly #closing = new AbortController()
  #worker: Worker | undefined
  #problem = ''
  #view: SessionView = { uuid: 0n, registrations: 0 }
  #nextId = 1
  #heardMs = 0
  #watch: NodeJS.Timeout | undefined
  #restartMs = restartMs.first

  constructor(options: ThreadOptions) {
    this.#options = { ...defaults, ...options }
  }

  /** Starts a thread and waits until its plugins are there. */
  async start(): Promise<void> {
    const { module, manager, questions, heapMb, startMs } = this.#options
    const setup: ThreadSetup = { ...(module === undefined ? {} : { module }), manager, ...(questions && { questions }) }
    const worker = startThread('plugins', {
      workerData: setup,
      resourceLimits: {
        maxYoungGenerationSizeMb: youngMb,
        ...(heapMb === undefined ? {} : { maxOldGenerationSizeMb: heapMb }),
      },
    })
    const ready = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      void worker.terminate()
      ready.reject(new Error(`plugins were not made within ${startMs / 1000} s`))
    }, startMs)
    const startedMs = performance.now()
    worker.on('message', (message: FromPlugins) => {
      this.#heardMs = performance.now()
      if (message.kind === 'ready') {
        this.plugins = message.plugins
        this.#worker = worker
        this.#post({ kind: 'session', view: this.#view })
        ready.resolve()
      } else this.#receive(message)
    })
    worker.on('error', (error: NodeJS.ErrnoException) => {
      this.#problem = problemOf(error)
      ready.reject(new Error(`plugins could not be made: ${this.#problem}`, { cause: error }))
    })
    worker.on('exit', () => {
      ready.reject(new Error('the thread of the plugins ended before they were made'))
      if (this.#worker === worker) this.#lost(performance.now() - startedMs)
    })
    try {
      await ready.promise
    } finally {
      clearTimeout(timer)
    }
  }

  async call(call: PluginCall, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted()
    if (!this.#worker) throw new Error(`plugins are being restarted (${this.#problem}); ask again in a few seconds`)
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    if (this.#waiting.size === 0) this.#heardMs = performance.now()
    this.#waiting.set(id, { what: `${call.registry} ${call.item}`, resolve, reject })
    this.#watch ??= this.#startWatch()
    const onAbort = () => {
      this.#post({ kind: 'cancel', id, reason: String(signal.reason?.message ?? 'the caller left') })
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    this.#post({ kind: 'call', id, call })
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  session(view: SessionView): void {
    this.#view = view
    this.#post({ kind: 'session', view })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    clearInterval(this.#watch)
    const worker = this.#worker
    this.#worker = undefined
    if (!worker) return
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    worker.postMessage({ kind: 'close' } satisfies ToPlugins)
    const timer = setTimeout(() => void worker.terminate(), this.#options.closeMs)
    await ended
    clearTimeout(timer)
    this.#refuseAll('the extension is shutting down')
  }

  #receive(message: FromPlugins): void {
    if (message.kind === 'log') this.#options.log(message.severity, message.message)
    if (message.kind !== 'answer') return
    this.#waiting.get(message.id)?.resolve(message.answer)
    this.#waiting.delete(message.id)
    if (this.#waiting.size > 0) return
    clearInterval(this.#watch)
    this.#watch = undefined
  }

  /** While calls wait the thread is asked for a sign of life; without one for long it is ended. */
  #startWatch(): NodeJS.Timeout {
    const { stuckMs } = this.#options
    const timer = setInterval(() => {
      if (performance.now() - this.#heardMs < stuckMs) {
        this.#post({ kind: 'beat' })
        return
      }
      const [busy] = this.#waiting.values()
      this.#problem = `${busy?.what ?? 'a plugin'} held its thread for more than ${stuckMs / 1000} s`
      void this.#worker?.terminate()
    }, stuckMs / 8)
    return timer.unref()
  }

  #lost(livedMs: number): void {
    this.#worker = undefined
    clearInterval(this.#watch)
    this.#watch = undefined
    if (this.#closing.signal.aborted) return
    if (this.#problem === '') this.#problem = 'the thread ended by itself'
    this.#options.log('error', `plugins are restarted: ${this.#problem}`)
    this.#refuseAll(`plugins were restarted while this ran: ${this.#problem}`)
    if (livedMs > restartMs.steadyAfter) this.#restartMs = restartMs.first
    void this.#restart()
  }

  async #restart(): Promise<void> {
    while (!this.#worker && !this.#closing.signal.aborted) {
      const delay = this.#restartMs
      this.#restartMs = Math.min(delay * 2, restartMs.most)
      await sleep(delay, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {})
      if (this.#closing.signal.aborted) return
      await this.start().catch((error: Error) => {
        this.#problem = error.message
        this.#options.log('error', error.message)
      })
    }
    this.#problem = ''
  }

  #refuseAll(message: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(message))
    this.#waiting.clear()
  }

  #post(message: ToPlugins): void {
    this.#worker?.postMessage(message)
  }
}

function problemOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') return 'a plugin used up the memory it may have'
  return error.message
}
