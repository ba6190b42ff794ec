/**
 * Waiting no longer than somebody is willing to.
 *
 * A system call cannot be cancelled (a dead network share holds it for minutes), so the waiting is what ends. The
 * work itself sees its deadline between two calls and closes what it opened.
 */
import { FileFailure } from './failure.ts'

/** Longest delay of a Node timer; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1

/** Settles as the work does, or rejects with the signal's reason as soon as it is aborted. */
export async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => {}) // nobody looks at it after an abort
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/**
 * Settles as the work does, or rejects with the error after the given milliseconds. Milliseconds that the work was
 * made to rest are added to them.
 */
export async function withinMs<T>(
  ms: number,
  work: Promise<T>,
  late: () => Error,
  restedMs: () => number = () => 0,
): Promise<T> {
  work.catch(() => {})
  const { promise, reject } = Promise.withResolvers<never>()
  const started = performance.now()
  const look = () => {
    const left = started + ms + restedMs() - performance.now()
    if (left <= 0) reject(late())
    else timer = setTimeout(look, Math.min(Math.ceil(left), longestTimer))
  }
  let timer = setTimeout(look, Math.min(ms, longestTimer))
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

/** How long a single read is waited for: as long as a sweep gives a file. */
const readPatienceMs = 60_000

/** The answer to a single read, or the failure of a file that the system does not answer for. */
export function answered<T>(reading: Promise<T>): Promise<T> {
  const late = () => new FileFailure('timeout', `the system did not answer within ${readPatienceMs} ms`)
  return withinMs(readPatienceMs, reading, late)
}

/** Runs `work` on every item, a few at a time, results in the items' order. */
export async function mapBounded<A, B>(
  width: number,
  items: readonly A[],
  work: (item: A) => Promise<B>,
): Promise<B[]> {
  const results: B[] = []
  const queue = items.entries()
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
  return results
}
