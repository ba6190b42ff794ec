/** How a target is judged by the timings of a run. */
import { describe, expect, it } from 'vitest'
import { crateName } from '../programs.ts'
import { ran, sampleRun } from '../run-sample.ts'
import { judge, verdictOf } from './judge.ts'
import type { Measure, Target } from './targets.ts'

const times: Measure = {
  kind: 'times',
  label: 'crate, CPU',
  isJudged: true,
  work: 'sha256-large',
  ours: crateName,
  rival: 'openssl dgst -sha256',
  clock: 'cpu',
  bound: 1.6,
  aim: 1.8,
}

function target(...measures: Measure[]): Target {
  return { work: 'a work', rival: 'a rival', atLeast: 'so much', measures }
}

/** The first measurement, judged by a contest of these rounds. */
function judgedBy(ours: number[], rival: number[], measure: Measure = times): ReturnType<typeof judge>[number] {
  const contenders = [ran(crateName, ours), ran('openssl dgst -sha256', rival)]
  const [one] = judge(target(measure), sampleRun({ contests: { 'sha256-large': { contenders } } }))
  if (!one) throw new Error('nothing was judged')
  return one
}

describe('a target', () => {
  it('is judged by the median of the ratios of rounds, not by the ratio of medians', () => {
    // Medians are 2 and 10: a ratio of 5. The rounds' own ratios are 10, 5 and 0.1.
    expect(judgedBy([1, 2, 100], [10, 10, 10])).toMatchObject({
      measured: { middle: 5, least: 0.1, most: 10, of: 3 },
    })
    expect(judgedBy([1, 10, 100], [1, 100, 10])).toMatchObject({ measured: { middle: 1 } })
  })

  it('takes the mean of two rounds, so that neither is favoured', () => {
    expect(judgedBy([1, 1], [1, 2])).toMatchObject({ measured: { middle: 1.5 }, isMet: false })
  })

  it('is met at its bound, its aim only at the aim', () => {
    expect(judgedBy([1], [1.6])).toMatchObject({ isMet: true, isAimMet: false })
    expect(judgedBy([1], [1.8])).toMatchObject({ isMet: true, isAimMet: true })
    expect(judgedBy([1], [1.59])).toMatchObject({ isMet: false, isAimMet: false })
  })

  it('that is a part of the rival is met from below', () => {
    const part = { ...times, kind: 'part', bound: 1.15 } as const
    expect(judgedBy([1.15], [1], part)).toMatchObject({ isMet: true })
    expect(judgedBy([1.16], [1], part)).toMatchObject({ isMet: false })
  })

  it('is missed when a round has no time', () => {
    expect(judgedBy([Number.NaN], [1])).toMatchObject({ isMet: false })
  })

  it('is not measured without a contender, and says why as far as that was kept', () => {
    const judged = judge(target({ ...times, rival: 'Hyperscan' }, { ...times, rival: 'nobody' }), sampleRun())
    expect(judged).toMatchObject([{ missing: 'hs/hs.h is not there' }, { missing: '"nobody" did not run' }])
    expect(verdictOf(judged)).toBe('not measured')
  })

  it('is missed when one of what is judged is missed, whatever else is', () => {
    const missed: Measure = { ...times, bound: 99 }
    const gap: Measure = { ...times, rival: 'nobody' }
    expect(verdictOf(judge(target(times, missed, gap), sampleRun()))).toBe('missed')
    expect(verdictOf(judge(target(times, { ...missed, isJudged: false }), sampleRun()))).toBe('met')
  })

  it('of pings is judged by the 99th percentile of all rounds together', () => {
    const pings: Measure = { kind: 'pings', label: 'p', isJudged: true, work: 'names', ours: 'us', bound: 20 }
    const waits = [...Array.from({ length: 99 }, () => 1), 500]
    const judgedOf = (pinged: number[]) =>
      judge(target(pings), sampleRun({ contests: { names: { contenders: [ran('us', [1], pinged)] } } }))
    expect(judgedOf(waits)).toMatchObject([{ measured: { middle: 1, most: 500, of: 100 }, isMet: true }])
    // Of fewer than a hundred it is the longest.
    expect(judgedOf([1, 30])).toMatchObject([{ measured: { middle: 30 }, isMet: false }])
    expect(judgedOf([])).toMatchObject([{ missing: 'no ping fell due' }])
  })

  it('of a share of a core is met on both sides of it', () => {
    const share: Measure = { kind: 'share', label: 's', isJudged: true, bound: 0.1, within: 0.02 }
    const metAt = (gentleShare: number) => judge(target(share), sampleRun({ facts: { gentleShare } }))
    expect(metAt(0.115)).toMatchObject([{ isMet: true }])
    expect(metAt(0.07)).toMatchObject([{ isMet: false }])
  })
})
