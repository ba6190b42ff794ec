/** How far the attack got: the last step that left something that counts. */
import { describe, expect, it } from 'vitest'
import type { Artifact } from '../../../extension/domain/artifact.ts'
import { meaningOf, reachedStage, stageOf, storyOrder } from '../../../extension/domain/attack-progress.ts'
import type { Verdict } from '../../../extension/domain/finding.ts'
import { type Indicator, type Stage, stages } from '../../../extension/domain/indicator.ts'
import { nothingFound } from '../../support/host-state.ts'

function artifact(stage: Stage, verdict: Verdict = 'malicious'): Artifact {
  const indicator = { stage, status: 'malicious', level: 'critical' } as Indicator
  const observable = { type: 'filename' as const, value: 'x' }
  return {
    verdict,
    findings: [{ indicator, observable, evidence: { source: 'file', observables: [] } }],
  } as unknown as Artifact
}

function reached(...artifacts: Artifact[]) {
  return reachedStage({ ...nothingFound, artifacts })
}

describe('the stage that was reached', () => {
  it('is the last step of the chain that left something', () => {
    expect(reached(artifact('loader'), artifact('delivery'), artifact('memory_payload'))).toBe('memory_payload')
    expect(reached(artifact('delivery'))).toBe('delivery')
  })

  it('does not count what is benign, nor what belongs to no step', () => {
    expect(reached(artifact('later_stage', 'benign'), artifact('related'))).toBeUndefined()
    expect(reached()).toBeUndefined()
  })

  it('is the intrusion at the vendor only where no step of a victim is', () => {
    expect(reached(artifact('vendor_intrusion'))).toBe('vendor_intrusion')
    expect(reached(artifact('vendor_intrusion'), artifact('delivery'))).toBe('delivery')
  })

  it('of what lies inside an installer is its delivery', () => {
    const one = artifact('loader')
    const [finding] = one.findings
    const inside = { ...one, findings: [{ ...finding, evidence: { ...finding?.evidence, member: 'app/ffmpeg.dll' } }] }
    expect(stageOf(inside as Artifact)).toBe('delivery')
  })

  it('is one of the stages a story is told in, each once, and all of them are told', () => {
    expect([...storyOrder].sort()).toEqual([...stages].sort())
    expect(stageOf(artifact('loader'))).toBe('loader')
    expect(meaningOf('loader')).toContain('trojanised')
    expect(meaningOf('unknown')).toBe('')
  })
})
