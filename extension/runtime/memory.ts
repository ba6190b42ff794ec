/**
 * Giving back what a start needed and waiting does not.
 *
 * The collector runs when memory is asked for; a process that has opened everything and then waits for hours asks for
 * none. So it is told once.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Collects garbage of this thread now; takes some milliseconds. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
}
