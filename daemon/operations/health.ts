/**
 * Whether the daemon works (ready) and whether it runs at all (live), with the reasons.
 *
 * Ready means that it asks and delivers: the engine answers, no sink has been left alone for long, nothing is being
 * dropped for lack of room. A dead receiver makes it not ready; restarting it would not help, so it stays live.
 */
import type { DaemonStanding } from './standing.ts'

/** Why it is not ready, a sentence each; none: it is. */
export function unreadyReasons(standing: DaemonStanding): string[] {
  const reasons: string[] = []
  if (!standing.isEngineReached) reasons.push(`the ${standing.engine} engine does not answer`)
  if (standing.configurationError !== undefined)
    reasons.push(`the configuration on disk is not in force: ${standing.configurationError}`)
  for (const { sink, circuit, lastError } of standing.sinks) {
    if (circuit !== 'closed') reasons.push(`sink ${sink} does not take events: ${lastError ?? 'no reason known'}`)
  }
  for (const { query, denylisted } of standing.queries) {
    if (denylisted) reasons.push(`query ${query} is denylisted: ${denylisted.reason}`)
  }
  return reasons
}
