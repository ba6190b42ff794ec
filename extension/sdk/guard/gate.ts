/**
 * How many calls of one table run at once. A few wait; more are refused at once, with the reason.
 *
 * osquery asks again on its own schedule. A long queue would only answer questions nobody waits for any more.
 */

/** The table is busy; nothing was run. */
export class BusyError extends Error {
  override readonly name = 'BusyError'
}

/** Bounds of a gate. */
export interface GateLimits {
  /** Calls that run at once. */
  readonly concurrency: number
  /** Calls that wait for their turn. */
  readonly queue: number
}

/** Lets calls through in the order they came. */
export class Gate {
  readonly #name: string
  readonly #limits: GateLimits
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(name: string, limits: GateLimits) {
    this.#name = name
    this.#limits = limits
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Runs a call when it is its turn. Waiting ends with the signal. */
  async run<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    await this.#enter(signal)
    try {
      return await call()
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { concurrency, queue } = this.#limits
    if (this.#running >= concurrency) {
      if (this.#waiting.length >= queue) {
        throw new BusyError(
          `${this.#name} is busy: ${this.#running} queries run and ${this.#waiting.length} wait; ask again later`,
        )
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const onAbort = () => {
        const at = this.#waiting.indexOf(resolve)
        if (at >= 0) this.#waiting.splice(at, 1)
        reject(signal.reason)
      }
      this.#waiting.push(resolve)
      signal.addEventListener('abort', onAbort, { once: true })
      await promise.finally(() => signal.removeEventListener('abort', onAbort))
    }
    this.#running++
  }
}
