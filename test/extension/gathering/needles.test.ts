/** Needles: short texts that hold every record that may match, and few others. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Indicator } from '../../../extension/domain/indicator.ts'
import { needlesOf, needlesOfTexts } from '../../../extension/gathering/needles.ts'
import { loadBundledSets } from '../../../extension/indicators/index.ts'

const bundled = loadBundledSets().flatMap((set) => set.indicators)
const one = (type: Indicator['type'], value: string) =>
  ({ ...bundled[0], type, value, status: 'malicious', level: 'critical' }) as Indicator

describe('needles', () => {
  const needles = needlesOf(bundled)

  it('hold every domain that is sought, as a name and in labels, in any case', () => {
    for (const { type, value, status } of bundled) {
      if (type !== 'domain' || status !== 'malicious') continue
      expect(needles.mayHold(`query[A] www.${value.toUpperCase()} from 10.0.0.1`), value).toBe(true)
      const inLabels = value.split('.').map((label) => `(${label.length})${label}`)
      expect(needles.mayHold(`(3)www${inLabels.join('')}(0)`), value).toBe(true)
    }
  })

  it('find addresses on hosts of others by their path, however slashes are written', () => {
    expect(needles.mayHold('raw.githubusercontent.com /IconStorages/images/main/icon1.ico')).toBe(true)
    expect(needles.mayHold('"url":"https:\\/\\/raw.githubusercontent.com\\/IconStorages\\/images"')).toBe(true)
    expect(needles.mayHold('GET https://raw.githubusercontent.com/nodejs/node/main/README.md')).toBe(false)
  })

  it('leave out what is context or benign', () => {
    expect(needles.texts).not.toContain('3cx.com')
    expect(needles.mayHold('www.3cx.com')).toBe(false)
    expect(needles.texts.every((text) => text.length >= 3 && text === text.toLowerCase())).toBe(true)
  })

  it('are none that hold another one', () => {
    for (const text of needles.texts) {
      expect(needles.texts.filter((other) => other !== text && text.includes(other))).toEqual([])
    }
  })

  it('hold any domain, whatever its labels', () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?$/)
    fc.assert(
      fc.property(fc.array(label, { minLength: 2, maxLength: 5 }), (labels) => {
        const { mayHold } = needlesOf([one('domain', labels.join('.'))])
        expect(mayHold(`x ${labels.join('.')} y`)).toBe(true)
        expect(mayHold(labels.map((text) => `(${text.length})${text}`).join(''))).toBe(true)
      }),
    )
  })
})

describe('needles of some texts', () => {
  it('are those that hold no other one, as trying each with each says', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(fc.uniqueArray(text, { maxLength: 40 }), (texts) => {
        const long = texts.filter((one) => one.length >= 3)
        const expected = long.filter((one) => !long.some((other) => other !== one && one.includes(other)))
        expect([...needlesOfTexts(texts).texts].sort()).toEqual(expected.sort())
      }),
    )
  })
})
