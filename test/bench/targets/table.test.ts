/** The table of targets. */
import { describe, expect, it } from 'vitest'
import { sampleRun } from '../run-sample.ts'
import { countVerdicts, targetsTable } from './table.ts'
import { targets } from './targets.ts'

const lines = targetsTable(sampleRun()).split('\n').slice(2)

describe('the table of targets', () => {
  it('has a line for each measurement, and each target once', () => {
    expect(lines).toHaveLength(targets.flatMap(({ measures }) => measures).length)
    for (const { work } of targets) expect(lines.filter((line) => line.startsWith(`| ${work} |`))).toHaveLength(1)
  })

  it('has as many cells in each line', () => {
    expect(new Set(lines.map((line) => line.split(' | ').length)).size).toBe(1)
  })

  it('says the median, the spread, and whether target and aim are met', () => {
    // Ratios of the rounds: 8 by 4 and 8 by 5.
    expect(lines[0]).toContain('**met** | crate, CPU | 1.80, met, aim too | 1.60 to 2.00 in 2 |')
  })

  it('says of what did not run why, and never that it was met', () => {
    const hyperscan = lines.filter((line) => line.includes('crate, 40 domains'))
    expect(hyperscan).toHaveLength(2)
    for (const line of hyperscan) expect(line).toContain('not measured: ')
    expect(countVerdicts(sampleRun({ contests: {}, facts: {} })).met).toBe(0)
  })
})
