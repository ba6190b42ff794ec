/**
 * What a run of the benchmark measured for the targets and the picture: kept while it runs, by names that the judges know.
 *
 * Tables are said as they come and forgotten; this is what the summary at the end is computed from, and nothing else.
 */
import type { Contested, Facts } from './results.ts'

/** Works whose timings are kept. The number is how many domains a log was searched for. */
export type Work =
  | 'sha256-large'
  | 'all-large'
  | 'sha256-small'
  | 'names'
  | 'walk'
  | 'rescan-first'
  | 'rescan'
  | 'rescan-gentle'
  | `logs-${number}`
  | 'read-large'
  | 'read-log'
  | `start-${'digests' | 'names' | 'rescan' | 'logs'}`

const contests: Record<string, Contested> = {}
const missing: Record<string, string> = {}
const facts: Facts = {}

/** Keeps the timings of a contest. */
export function keepContest(work: Work, contested: Contested): void {
  contests[work] = contested
}

/** Keeps why a contender, by its name, is in no contest. */
export function keepMissing(contender: string, reason: string): void {
  missing[contender] = reason
}

/** Keeps a single number. */
export function keepFact<Name extends keyof Facts>(name: Name, value: NonNullable<Facts[Name]>): void {
  facts[name] = value
}

/** What was kept so far. */
export function kept(): {
  contests: Record<string, Contested>
  missing: Record<string, string>
  facts: Facts
} {
  return { contests, missing, facts }
}
