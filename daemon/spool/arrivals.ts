/**
 * Who waits for events to be appended. Nothing here reads the spool; it is told after each commit.
 */

interface Waiter {
  readonly sequence: number
  readonly wake: () => void
}

/** The waiting ones. */
export class Arrivals {
  readonly #waiters = new Set<Waiter>()

  /** Resolves when `tell` names a later sequence, or the signal aborts. */
  after(sequence: number, newest: number, signal: AbortSignal): Promise<void> {
    if (newest > sequence || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const waiter = { sequence, wake: () => end() }
      const end = () => {
        this.#waiters.delete(waiter)
        signal.removeEventListener('abort', end)
        resolve()
      }
      signal.addEventListener('abort', end, { once: true })
      this.#waiters.add(waiter)
    })
  }

  tell(newest: number): void {
    for (const waiter of this.#waiters) if (newest > waiter.sequence) waiter.wake()
  }
}
