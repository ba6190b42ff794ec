/**
 * A bounded wait for code of tables that was told to stop.
 */

/** Waits until all have settled, but not longer than `graceMs` for one that is stuck. The promises never reject. */
export async function settleWithin(promises: Iterable<Promise<unknown>>, graceMs: number): Promise<void> {
  const all = [...promises]
  if (all.length === 0) return
  const grace = Promise.withResolvers<void>()
  const timer = setTimeout(grace.resolve, graceMs)
  await Promise.race([Promise.all(all), grace.promise])
  clearTimeout(timer)
}
