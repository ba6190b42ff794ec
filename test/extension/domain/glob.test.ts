/**
 * The pattern language: a table of examples, and the definition as referee.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accepts, foldAscii, glob, matchesComponent, matchesGlob, start, step } from '../../../extension/domain/glob.ts'

const hits = (pattern: string, path: string, ignoreCase = false) => matchesGlob(glob(pattern, ignoreCase), path)

/** A star becomes "any characters"; everything else stands for itself. */
function regexOf(component: string): RegExp {
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${component.split('*').map(literal).join('[^]*')}$`)
}

/** The definition, component by component. */
function naive(pattern: readonly string[], path: readonly string[]): boolean {
  const [want, ...rest] = pattern
  const [have, ...left] = path
  if (want === undefined) return have === undefined
  if (want === '**') return naive(rest, path) || (have !== undefined && naive(pattern, left))
  return have !== undefined && regexOf(want).test(have) && naive(rest, left)
}

describe('glob', () => {
  it.each([
    ['a', 'a', true],
    ['a', 'b', false],
    ['a', 'a/b', false],
    ['*', 'a', true],
    ['*', 'a/b', false],
    ['*.dll', '.dll', true],
    ['a*b*c', 'a-b-b-c', true],
    ['ab*ba', 'aba', false],
    ['**', '', true],
    ['**', 'a/b/c', true],
    ['**/x', 'x', true],
    ['**/x', 'a/b/x', true],
    ['**/x', 'a/x/b', false],
    ['a/**', 'a', true],
    ['a/**', 'a/b/c', true],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/1/2/b', true],
    ['a/**/**/b', 'a/b', true],
    ['a**b', 'a-b', true],
    ['a**b', 'a/b', false],
    ['***', 'anything', true],
    ['***', 'a/b', false],
    ['//a//b/', 'a/b', true],
    ['a?c', 'abc', false],
    ['a?c', 'a?c', true],
    ['[ab]', 'a', false],
    ['{a,b}', 'a', false],
    ['\\*', '\\anything', true],
    ['', '', true],
    ['', 'a', false],
  ])('%j over %j is %j', (pattern, path, expected) => {
    expect(hits(pattern, path)).toBe(expected)
  })

  it('ignores the case of ASCII letters, when asked, and of no others', () => {
    expect(hits('**/FFMPEG.dll', 'App/ffmpeg.DLL', true)).toBe(true)
    expect(hits('**/FFMPEG.dll', 'App/ffmpeg.DLL')).toBe(false)
    expect(hits('É', 'é', true)).toBe(false)
    expect(foldAscii('ÀZaß[')).toBe('Àzaß[')
    expect(hits('\u212a', 'k', true)).toBe(false) // the Kelvin sign, which toLowerCase would make a k
  })

  it('matches a component as a regular expression does', () => {
    const pattern = fc.array(fc.constantFrom('a', 'b', '*', '.', '\n'), { maxLength: 8 }).map((parts) => parts.join(''))
    const name = fc.array(fc.constantFrom('a', 'b', '.', '\n'), { maxLength: 10 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(pattern, name, (want, have) => {
        expect(matchesComponent(want, have)).toBe(regexOf(want).test(have))
      }),
      { numRuns: 5000 },
    )
  })

  it('matches paths as the definition does, and finds out early what cannot match', () => {
    const component = fc.constantFrom('**', '*', 'a', 'b', 'a*', '*b', 'A')
    const name = fc.constantFrom('a', 'b', 'ab', 'A', 'ba')
    fc.assert(
      fc.property(fc.array(component, { maxLength: 6 }), fc.array(name, { maxLength: 6 }), (pattern, path) => {
        const compiled = glob(pattern.join('/'), false)
        const expected = naive(pattern, path)
        expect(matchesGlob(compiled, path.join('/'))).toBe(expected)
        let states = start(compiled)
        for (const part of path) states = step(compiled, states, part)
        expect(accepts(compiled, states)).toBe(expected)
        if (states.length === 0) expect(naive(pattern, [...path, 'a'])).toBe(false)
      }),
      { numRuns: 5000 },
    )
  })

  it('takes hostile patterns and names in linear time', () => {
    const started = performance.now()
    expect(matchesComponent(`${'a*'.repeat(50)}b`, 'a'.repeat(5000))).toBe(false)
    expect(hits(`${'**/a/'.repeat(30)}b`, 'a/'.repeat(500))).toBe(false)
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
