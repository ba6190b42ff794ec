/** The committed run of the benchmark. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { readResults, resultsPath, resultsText } from './results.ts'

it('the committed run is a whole one, written by the benchmark', () => {
  const results = readResults()
  expect(results.shrink).toBe(1)
  expect(readFileSync(resultsPath, 'utf8')).toBe(resultsText(results))
})
