/**
 * LIKE and GLOB against SQLite itself.
 */
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { glob, like } from '../../../extension/sdk/index.ts'

const db = new DatabaseSync(':memory:')
const referees = { LIKE: db.prepare('SELECT ? LIKE ? AS yes'), GLOB: db.prepare('SELECT ? GLOB ? AS yes') }
const sqliteSays = (operator: 'LIKE' | 'GLOB', value: string, pattern: string): boolean =>
  referees[operator].get(value, pattern)?.['yes'] === 1

/** Few characters, so that values and patterns meet; among them the ones that are special somewhere. */
const characters = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'aAbBzZ019 -') },
  { weight: 4, arbitrary: fc.constantFrom(...'%_*?[]^-\\') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('é', 'É', 'ß', 'ı', 'K', '日', '😀', '\u007f', '\u0080', '\u00c0', '\u07ff'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\ud800', '\udfff', '\ufffd', '\ufffe', '\uffff', '\u{1fffe}', '\u{10ffff}'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 2 }).map((text) => text.replaceAll('\0', '')) },
)
const texts = fc.array(characters, { maxLength: 8 }).map((parts) => parts.join(''))
const classes = fc
  .tuple(
    fc.constantFrom('[', '[^'),
    fc.array(fc.oneof(characters, fc.constantFrom('a-z', 'z-a', '-', ']', 'a-', '-a', '^', 'a-b-c', 'A-é')), {
      maxLength: 4,
    }),
    fc.constantFrom(']', ']', ']', ''),
  )
  .map(([open, inside, close]) => open + inside.join('') + close)
const patterns = fc.array(fc.oneof(characters, classes), { maxLength: 6 }).map((parts) => parts.join(''))

describe('like and glob', () => {
  it('answer as SQLite does, whatever the pattern', () => {
    fc.assert(
      fc.property(fc.constantFrom('LIKE' as const, 'GLOB' as const), texts, patterns, (operator, value, pattern) => {
        const ours = operator === 'LIKE' ? like(pattern, value) : glob(pattern, value)
        expect(ours, `${JSON.stringify(value)} ${operator} ${JSON.stringify(pattern)}`).toBe(
          sqliteSays(operator, value, pattern),
        )
      }),
      { numRuns: 40_000 },
    )
  })

  it('answer as SQLite does for patterns made from the value', () => {
    const cases = texts.chain((value) => {
      const points = Array.from(value)
      const wild = fc.constantFrom('same', 'one', 'any', 'class', 'upper')
      return fc.tuple(fc.constant(points), fc.array(wild, { minLength: points.length, maxLength: points.length }))
    })
    fc.assert(
      fc.property(cases, ([points, wilds]) => {
        const value = points.join('')
        const likePattern = points.map(
          (c, at) => ({ same: c, one: '_', any: '%', class: c, upper: c.toUpperCase() })[wilds[at] ?? 'same'],
        )
        const globPattern = points.map(
          (c, at) => ({ same: c, one: '?', any: '*', class: `[${c}]`, upper: `[^${c}]` })[wilds[at] ?? 'same'],
        )
        expect(like(likePattern.join(''), value)).toBe(sqliteSays('LIKE', value, likePattern.join('')))
        expect(glob(globPattern.join(''), value)).toBe(sqliteSays('GLOB', value, globPattern.join('')))
      }),
      { numRuns: 10_000 },
    )
  })

  it.each([
    [']a', '[]]a'],
    ['a', '[^]]'],
    ['-', '[a-]'],
    ['-', '[-a]'],
    ['b', '[a-c'],
    ['[', '[[]'],
    ['^', '[\\^]'],
    ['^', '[^^]'],
    ['c', '[a-b-c]'],
    ['-', '[a-b-c]'],
    ['', '[]'],
    ['é', '[a-\u00ff]'],
  ])('read the class %j GLOB %j as SQLite does', (value, pattern) => {
    expect(glob(pattern, value)).toBe(sqliteSays('GLOB', value, pattern))
  })

  it('do not take exponential time for many stars', () => {
    const stars = 'a*'.repeat(60)
    expect(glob(`${stars}b`, 'a'.repeat(3000))).toBe(false)
    expect(like(`${stars.replaceAll('*', '%')}b`, 'a'.repeat(3000))).toBe(false)
  })
})
