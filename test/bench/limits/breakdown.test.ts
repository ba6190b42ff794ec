/** Where the time of a run went. */
import { describe, expect, it } from 'vitest'
import { crateName } from '../programs.ts'
import { ran, sampleRun } from '../run-sample.ts'
import { breakdowns } from './breakdown.ts'

const sum = (pieces: readonly { readonly seconds: number }[]): number =>
  pieces.reduce((all, { seconds }) => all + seconds, 0)

describe('a breakdown', () => {
  it('has the limit first: the system alone and the digests from memory', () => {
    const [digests] = breakdowns(sampleRun())
    expect(digests?.bars[0]).toEqual({
      name: 'limit',
      seconds: 3,
      pieces: [
        { spent: 'system', seconds: 1 },
        { spent: 'digests', seconds: 2 },
      ],
    })
  })

  it('splits ours into those, the own work of the crate, the start, and what is left around it', () => {
    const [digests] = breakdowns(sampleRun())
    expect(digests?.bars[2]).toMatchObject({
      name: 'threecx-hunter, whole process',
      seconds: 5.5,
      pieces: [
        { spent: 'system', seconds: 1 },
        { spent: 'digests', seconds: 2 },
        { spent: 'own', seconds: 1.5 },
        { spent: 'start', seconds: 0.5 },
        { spent: 'around', seconds: 0.5 },
      ],
    })
  })

  it('tells own work and surroundings not apart without the crate', () => {
    const contests = { ...sampleRun().contests }
    const contenders = contests['sha256-large']?.contenders.filter(({ name }) => name !== crateName) ?? []
    const [digests] = breakdowns(sampleRun({ contests: { ...contests, 'sha256-large': { contenders } } }))
    expect(digests?.bars[1]?.pieces.map(({ spent }) => spent)).toEqual(['system', 'digests', 'start', 'own'])
  })

  it('never makes a bar longer or shorter than what was measured', () => {
    const contenders = [ran(crateName, [2, 2]), ran('openssl dgst -sha256', [8, 8])]
    const contests = { ...sampleRun().contests, 'sha256-large': { contenders } }
    const [faster] = breakdowns(sampleRun({ contests }))
    expect(faster?.bars[1]?.pieces).toEqual([
      { spent: 'system', seconds: 1 },
      { spent: 'digests', seconds: 1 },
    ])
    for (const { bars } of breakdowns(sampleRun())) {
      for (const { pieces, seconds } of bars) expect(sum(pieces)).toBeCloseTo(seconds, 9)
    }
  })

  it('marks what ours may take, by the rival of the same run', () => {
    expect(breakdowns(sampleRun())[0]?.allowed).toEqual([
      { seconds: 5, label: 'openssl dgst -sha256' },
      { seconds: 16, label: 'EVP, 16 KiB blocks, three digests' },
    ])
  })

  it('is left out when its limit was not measured', () => {
    expect(breakdowns(sampleRun({ facts: { largeBytes: 2e9 } }))).toEqual([])
    expect(breakdowns(sampleRun({ contests: {} }))).toEqual([])
  })
})
