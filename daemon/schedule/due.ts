/**
 * When a query is due next. Pure: clock and chance are arguments.
 *
 * A moment that has passed is due, however long ago it was, and once: a machine that slept over five runs makes one
 * when it wakes. osquery counts seconds and divides instead, so that a laptop that sleeps at the wrong time never runs
 * its daily query. All times are unix seconds, and a query is never put off by more than its own distance, whatever
 * the clock did.
 */
import { type Cron, readCron } from './cron.ts'
import type { Due } from './scheduled-query.ts'

/** When a query is due, in a form that can compute. */
export interface Timetable {
  /** Moment after `now` for a query that has just run and was due at `due`. */
  after(due: number, now: number): number
  /** First moment of a query that never ran. */
  first(now: number): number
  /** The moment that was planned at `planned`, or an earlier one where the clock was put back since. */
  corrected(due: number, planned: number, now: number): number
}

/** Seconds that a clock may step back by itself, when it is set by the network: no reason to plan anew. */
const stepSeconds = 60

/** Seconds, changed by chance by at most so many percent; chosen once and kept. */
export function splayed(seconds: number, percent: number, random: () => number): number {
  if (percent <= 0 || percent > 100) return seconds
  const most = Math.floor((seconds * percent) / 100)
  const least = Math.max(1, seconds - most)
  return least + Math.floor(random() * (seconds + most - least + 1))
}

/** The timetable of a query whose interval, if it has one, was splayed to `every`. */
export function timetable(due: Due, every: number): Timetable {
  return 'cron' in due ? cronTimetable(readCron(due.cron)) : intervalTimetable(every)
}

/** A query that never ran runs at once: the first result is what everything after is compared with. */
function intervalTimetable(every: number): Timetable {
  return {
    first: (now) => now,
    // The rhythm is kept, unless the next beat would follow at once on a run that came late.
    after: (due, now) => (due <= now && due + every >= now + every / 2 ? due + every : now + every),
    corrected: (due, _planned, now) => Math.min(due, now + every),
  }
}

function cronTimetable(cron: Cron): Timetable {
  const next = (now: number) => cron.next(now) ?? Number.MAX_SAFE_INTEGER
  return {
    first: next,
    after: (_due, now) => next(now),
    corrected: (due, planned, now) => (now >= planned - stepSeconds ? due : Math.min(due, next(now))),
  }
}
