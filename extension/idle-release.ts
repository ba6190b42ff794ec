/**
 * Gives memory back when nobody asks: after a burst of queries a process would keep for hours what only they needed.
 */
import { collectGarbage } from './runtime/memory.ts'

/** Milliseconds between two looks; a process is idle when nothing was asked from one to the next. */
const periodMs = 30_000

/** Releases once after each burst, from now until the result is called. `count` only grows. */
export function releaseWhenIdle(count: () => number, release: () => void): () => void {
  let seen = count()
  let released = seen
  const timer = setInterval(() => {
    const now = count()
    if (now === seen && now !== released) {
      released = now
      collectGarbage()
      release()
    }
    seen = now
  }, periodMs)
  timer.unref()
  return () => clearInterval(timer)
}
