/**
 * A moment in which nobody asks the tables.
 *
 * To osquery a join is a row of separate calls, and it says nowhere that they belong together. They follow each other
 * within milliseconds, so half a second without a call is between two queries.
 */
import type { Alarm } from './runtime/clock.ts'

/** What is counted of a table. */
interface Counted {
  readonly calls: number
  readonly running: number
}

const pauseMs = 500
/** After so many pauses nobody waits longer: a host that is asked without end must get its indicators too. */
const mostPauses = 120

/** Resolves in a quiet moment, or after a minute without one. */
export async function quietMoment(metrics: () => readonly Counted[], alarm: Alarm): Promise<void> {
  const calls = () => metrics().reduce((sum, table) => sum + table.calls, 0)
  const isAsked = () => metrics().some((table) => table.running > 0)
  let before = calls()
  for (let pauses = 0; pauses < mostPauses; pauses++) {
    await new Promise<void>((resolve) => void alarm.after(pauseMs, resolve))
    if (!isAsked() && calls() === before) return
    before = calls()
  }
}
