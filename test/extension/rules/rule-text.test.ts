/** Taking rule sources apart: strings, comments and regular expressions do not confuse it, and damage costs its rule. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rulesIn } from '../../../extension/rules/rule-text.ts'

const names = (source: string) => rulesIn(source).rules.map((one) => one.name)

describe('a rule source', () => {
  it('gives each rule with its line, imports, metadata and text', () => {
    const source =
      'import "pe"\n\nprivate rule helper { condition: true }\nrule a : tag1 tag2 {\n  meta:\n    one = "x \\"y\\""\n    two = 2\n    three = true\n  condition: helper\n}\n'
    expect(rulesIn(source)).toEqual({
      rules: [
        {
          name: 'helper',
          line: 3,
          text: 'private rule helper { condition: true }',
          imports: ['import "pe"'],
          isPrivate: true,
          meta: {},
        },
        {
          name: 'a',
          line: 4,
          text: source.slice(source.indexOf('rule a'), -1),
          imports: ['import "pe"'],
          isPrivate: false,
          meta: { one: 'x "y"', two: 2, three: true },
        },
      ],
      problems: [],
    })
  })

  it.each([
    ['braces in a string', 'rule a { strings: $s = "}{ \\" }" condition: $s } rule b { condition: true }'],
    [
      'braces in comments',
      '// rule x {\n/* } rule y { */ rule a { /* } */ condition: true // }\n} rule b { condition: true }',
    ],
    ['a hex string', 'rule a { strings: $h = { 01 ?? ( 02 | 03 ) } condition: $h } rule b { condition: true }'],
    ['a regular expression', 'rule a { strings: $r = /a}"\\/{2}/i condition: $r } rule b { condition: true }'],
    ['a division', 'rule a { condition: filesize / 2 > 3 and "}" == "}" } rule b { condition: true }'],
    ['a matches', 'rule a { condition: "x" matches /}/ } rule b { condition: true }'],
    ['windows line ends', 'rule a {\r\n condition: true\r\n}\r\nrule b {\r\n condition: true }'],
    [
      'metadata that looks like sections',
      'rule a { meta: strings = "x" condition = "y" condition: true } rule b { condition: true }',
    ],
  ])('is not confused by %s', (_, source) => {
    expect(names(source)).toEqual(['a', 'b'])
    expect(rulesIn(source).problems).toEqual([])
  })

  it('names what is no rule, with its line, and goes on at the next one', () => {
    const source =
      'rule a { condition: true }\nnonsense here\n rule b { condition: true }\ninclude "x.yar"\nrule c { condition: true }\nrule d {\n'
    expect(names(source)).toEqual(['a', 'b', 'c'])
    expect(rulesIn(source).problems).toEqual([
      { line: 2, message: '"nonsense" where a rule was expected' },
      { line: 4, message: 'include is not allowed; give the file itself' },
      { line: 6, message: 'rule "d" has no end' },
    ])
  })

  it('keeps a prototype out of metadata', () => {
    const [rule] = rulesIn('rule a { meta: __proto__ = "x" constructor = "y" condition: true }').rules
    expect(rule?.meta).toEqual({ constructor: 'y' })
    expect(Object.getPrototypeOf(rule?.meta)).toBe(Object.prototype)
  })

  it('is total, and takes time in proportion to the source', () => {
    const piece = fc.constantFrom(
      'rule ',
      'a',
      '{',
      '}',
      '"',
      '/',
      '*',
      '//',
      '\n',
      'meta:',
      'strings:',
      '=',
      '$x',
      'import ',
      '\\',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const { rules, problems } = rulesIn(pieces.join(''))
        expect(rules.length + problems.length).toBeLessThanOrEqual(pieces.length)
      }),
    )
    const long = `rule a { strings: $a = "${'x '.repeat(100_000)}" condition: ${'$a or '.repeat(100_000)} $a }`
    expect(names(long)).toEqual(['a'])
  })
})
