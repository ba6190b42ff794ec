/**
 * The prefilter runs on the main loop: no pattern may hold it, and what is too dear may match.
 */
import { expect, it } from 'vitest'
import { constraint, mayMatch, operators } from '../../../extension/sdk/index.ts'

const text = 'a'.repeat(60_000)

it.each([
  ['LIKE', operators.like, `%${'a'.repeat(20_000)}b%`],
  ['GLOB', operators.glob, `*${'a'.repeat(20_000)}b*`],
])('a %s that would take seconds is left to SQLite', (_, op, pattern) => {
  const before = performance.now()
  expect(mayMatch('TEXT', [constraint(op, pattern)], text)).toBe(true)
  expect(performance.now() - before).toBeLessThan(1000)
})

it('patterns and texts of usual size are judged', () => {
  expect(
    mayMatch('TEXT', [constraint(operators.like, '%/3CX Desktop App/%.dll')], `/Applications/${'x'.repeat(4000)}`),
  ).toBe(false)
  expect(mayMatch('TEXT', [constraint(operators.like, '%b%')], text)).toBe(false)
})
