/** What a run measured of a target, and whether that meets it. Pure: all of it is computed from the run's timings. */
import { median } from '../contest.ts'
import type { Results } from '../results.ts'
import type { Measure, Target } from './targets.ts'

/** A measured number: the median of the rounds' numbers, with the smallest and the largest. */
export interface Measured {
  readonly middle: number
  readonly least: number
  readonly most: number
  /** Of how many: rounds, or pings. */
  readonly of: number
}

/** What became of one measurement; `missing` says why there is none. */
export type Judged =
  | { readonly measure: Measure; readonly measured: Measured; readonly isMet: boolean; readonly isAimMet: boolean }
  | { readonly measure: Measure; readonly missing: string }

/** In one word. */
export type Verdict = 'met' | 'missed' | 'not measured'

/** Judges every measurement of a target. */
export function judge(target: Target, results: Results): Judged[] {
  return target.measures.map((measure) => {
    const measured = numbersOf(measure, results)
    if (typeof measured === 'string') return { measure, missing: measured }
    const aim = 'aim' in measure ? measure.aim : undefined
    const isAimMet = aim !== undefined && isWithin(measure, measured.middle, aim)
    return { measure, measured, isMet: isWithin(measure, measured.middle, measure.bound), isAimMet }
  })
}

/** Of what is judged: one miss is a miss, one gap a gap. */
export function verdictOf(judged: readonly Judged[]): Verdict {
  const counting = judged.filter(({ measure }) => measure.isJudged)
  if (counting.some((one) => 'isMet' in one && !one.isMet)) return 'missed'
  return counting.some((one) => 'missing' in one) ? 'not measured' : 'met'
}

/** The numbers of a measurement, or why there are none. */
function numbersOf(measure: Measure, results: Results): Measured | string {
  if (measure.kind === 'share') {
    const share = results.facts.gentleShare
    return share === undefined
      ? 'no hunt at a tenth of a core was run'
      : { middle: share, least: share, most: share, of: 1 }
  }
  const contenders = results.contests[measure.work]?.contenders ?? []
  const find = (name: string) => contenders.find((one) => one.name === name)
  const why = (name: string): string => results.missing[name] ?? `"${name}" did not run`
  const ours = find(measure.ours)
  if (!ours) return why(measure.ours)
  if (measure.kind === 'pings') return ours.pings?.length ? percentile(ours.pings) : 'no ping fell due'
  const rival = find(measure.rival)
  if (!rival) return why(measure.rival)
  const ratios = ours[measure.clock].map((our, round) => {
    const times = (rival[measure.clock][round] ?? Number.NaN) / our
    return measure.kind === 'times' ? times : 1 / times
  })
  return { middle: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios), of: ratios.length }
}

/** The 99th percentile of waits: the smallest that at most one in a hundred exceeds. */
function percentile(waits: readonly number[]): Measured {
  const sorted = waits.toSorted((a, b) => a - b)
  const middle = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN
  return { middle, least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN, of: sorted.length }
}

/** NaN, from a round without a time, is within nothing. */
function isWithin(measure: Measure, value: number, bound: number): boolean {
  if (measure.kind === 'share') return Math.abs(value - bound) <= measure.within
  if (measure.kind === 'times') return value >= bound
  if (measure.kind === 'part') return value <= bound
  return value < bound
}
