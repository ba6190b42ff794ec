/**
 * Turns: pieces of work that run one after the other, in the order they were asked for.
 *
 * Waiting ends at once when its signal is aborted; the work that stood in front is not disturbed by that. A piece that
 * never settles holds everybody behind it, so whoever hands one in bounds it.
 */

/** A queue of one place. */
export class Turns {
  /** Settles when the last piece that was accepted has ended. */
  #last: Promise<unknown> = Promise.resolve()

  /** Runs when everything before has ended; rejects with the signal's reason when it is aborted before that. */
  async take<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted()
    const before = this.#last
    const turn = Promise.withResolvers<void>()
    this.#last = before.then(() => turn.promise)
    try {
      await untilAborted(before, signal)
      return await run()
    } finally {
      turn.resolve()
    }
  }

  /** Settles when all that was asked for so far has ended; never rejects. */
  async idle(): Promise<void> {
    await this.#last
  }
}

/** Waits; an abort ends the waiting at once. No listener stays behind. */
async function untilAborted(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) {
    await promise
    return
  }
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
  signal.throwIfAborted()
}
