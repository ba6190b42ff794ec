/**
 * A bound on what a far side may take: after a time, or when the caller aborts, the work is given up and the write fails.
 *
 * Client libraries have time limits of their own for some steps and none for others; this one holds for all together.
 */
import { SinkError } from './sink.ts'

/**
 * Waits for `work`, at most `timeoutMs` and until `signal` aborts. Then `giveUp` is called, which must free what the work
 * holds, and `unavailable` is thrown; how the work ends after that does not matter any more.
 */
export async function withDeadline<Value>(
  work: Promise<Value>,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly attempted: string },
  giveUp: () => void,
): Promise<Value> {
  const { timeoutMs, signal, attempted } = limits
  const given = Promise.withResolvers<never>()
  const stop = (failure: SinkError) => {
    giveUp()
    given.reject(failure)
  }
  const onAbort = () => stop(aborted(attempted))
  const onTime = () => stop(new SinkError('unavailable', `${attempted}: no answer within ${timeoutMs} ms`))
  const timer = setTimeout(onTime, timeoutMs)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  work.catch(() => undefined)
  try {
    return await Promise.race([given.promise, work])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

/** The failure of a write whose caller gave up. */
export function aborted(attempted: string): SinkError {
  return new SinkError('unavailable', `${attempted}: stopped before the receiver had answered`)
}
