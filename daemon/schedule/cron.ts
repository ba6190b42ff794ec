/**
 * When a cron expression is due next, in UTC.
 *
 * node-cron knows what expressions mean; this asks it and walks the calendar. Its timers are not used: they forget what
 * they missed while the machine slept, and in a local zone they lose runs at both changes of daylight saving time. Its
 * tasks tell the next run from now only, never from a given moment, so days are judged by a task's `match` and times of
 * day come from its parsed fields. Nothing here reads a clock.
 */
import { createTask, parse, validateDetailed } from 'node-cron'

/** A valid expression. */
export interface Cron {
  readonly expression: string
  /** Unix seconds of the first moment after `seconds`; undefined when there is none for forty years. */
  next(seconds: number): number | undefined
}

/** Beyond it an expression never comes: every combination of day and weekday returns within 28 years, or 40 across a century. */
const horizonDays = 40 * 366
const day = 86_400

/** Longest expression, and longest number in one: node-cron writes out ranges before it looks at their ends. */
const maxLength = 200
const longNumber = /\d{3}/

/** Reads an expression; throws with what is wrong with it. */
export function readCron(expression: string): Cron {
  const wanted = 'five or six fields as in "30 3 * * 1-5", in UTC'
  if (expression.length > maxLength || longNumber.test(expression)) {
    throw new Error(`cron ${JSON.stringify(expression.slice(0, maxLength))} is too long; expected ${wanted}`)
  }
  const { valid, errors } = validateDetailed(expression)
  if (!valid) {
    const found = errors.map(({ message }) => message).join('; ')
    throw new Error(`cron ${JSON.stringify(expression)} is not valid: ${found}; expected ${wanted}`)
  }
  const { month, hour, minute, second } = parse(expression)
  const months = new Set(month)
  const times = { hours: sorted(hour), minutes: sorted(minute), seconds: sorted(second) }
  const first = (times.hours[0] ?? 0) * 3600 + (times.minutes[0] ?? 0) * 60 + (times.seconds[0] ?? 0)
  const task = createTask(expression, () => {}, { timezone: 'Etc/UTC' })
  void task.destroy() // it was never started; this takes it out of node-cron's own list

  const next = (seconds: number): number | undefined => {
    const today = Math.floor(seconds / day) * day
    for (let start = today; start <= today + horizonDays * day; start += day) {
      if (!months.has(new Date(start * 1000).getUTCMonth() + 1)) continue
      if (!task.match(new Date((start + first) * 1000))) continue
      const after = start === today ? seconds - today : -1
      const found = timeAfter(times, after)
      if (found !== undefined) return start + found
    }
    return undefined
  }
  if (next(0) === undefined) throw new Error(`cron ${JSON.stringify(expression)} names no day that ever comes`)
  return { expression, next }
}

interface Times {
  readonly hours: readonly number[]
  readonly minutes: readonly number[]
  readonly seconds: readonly number[]
}

/** The first time of day behind another, both in seconds. */
function timeAfter({ hours, minutes, seconds }: Times, after: number): number | undefined {
  for (const hour of hours) {
    if (hour * 3600 + 3599 <= after) continue
    for (const minute of minutes) {
      if (hour * 3600 + minute * 60 + 59 <= after) continue
      for (const second of seconds) {
        const time = hour * 3600 + minute * 60 + second
        if (time > after) return time
      }
    }
  }
  return undefined
}

function sorted(values: readonly number[]): readonly number[] {
  return [...values].sort((a, b) => a - b)
}
