/**
 * Queries for tests of the schedule.
 */
import { defaultBudget } from '../../../daemon/schedule/osquery-pack.ts'
import type { ScheduledQuery } from '../../../daemon/schedule/scheduled-query.ts'

/** A query that is due every hour, everywhere. */
export function scheduledQuery(said: Partial<ScheduledQuery> = {}): ScheduledQuery {
  return {
    name: 'pack_hunt_artifacts',
    sql: 'SELECT 1',
    due: { every: 3600 },
    platforms: [],
    discovery: [],
    snapshot: false,
    removed: true,
    denylist: true,
    timeoutMs: 60_000,
    budget: defaultBudget,
    ...said,
  }
}
