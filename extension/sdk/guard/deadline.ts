/**
 * A time limit that holds whether or not the work hears its signal.
 */

/** The work did not end in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/**
 * Runs work with a signal that aborts at the deadline or with `signal`. Rejects then at once; work that does not hear
 * its signal goes on in the background and its result is dropped.
 */
export async function withDeadline<T>(
  deadlineMs: number,
  late: () => Error,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const controller = new AbortController()
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const stop = (reason: unknown) => {
    controller.abort(reason)
    reject(reason)
  }
  const onAbort = () => stop(signal.reason)
  const timer = setTimeout(() => stop(late()), deadlineMs)
  signal.addEventListener('abort', onAbort, { once: true })
  const running = work(controller.signal)
  running.catch(() => {}) // after the deadline nobody looks at it
  try {
    return await Promise.race([running, ended])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}
