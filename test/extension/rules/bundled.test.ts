/** The rules that ship: each matches what it is about, and nothing beside it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fileKind } from '../../../extension/domain/file-kind.ts'
import { openBundledData } from '../../../extension/indicators/checked-data.ts'
import { bundledRules, Rulebook } from '../../../extension/rules/open-rules.ts'
import { expectGolden } from '../../support/golden.ts'
import { noise } from '../../support/noise.ts'
import { peImage } from '../../support/pe-builder.ts'
import { quotedReport, ruleSamples } from '../../support/rule-samples.ts'

const book = bundledRules()
const rules = new Rulebook([book])
const matching = async (bytes: Uint8Array) => (await rules.scan(new Uint8Array(bytes))).map((one) => one.rule)

beforeAll(async () => {
  expect(await rules.check()).toEqual([])
})
afterAll(() => rules.close())

describe('the rules that ship', () => {
  it('have samples, and samples have rules', () => {
    expect(book.rules.map((one) => one.name).sort()).toEqual(Object.keys(ruleSamples).sort())
  })

  it('say what they mean, where it is from, and what they do not match', () => {
    for (const { name, meta } of book.rules) {
      expect(Object.keys(meta), name).toEqual(
        expect.arrayContaining([
          'number',
          'description',
          'component',
          'stage',
          'level',
          'references',
          'does_not_match',
        ]),
      )
    }
  })

  it('have permanent numbers, unique in their file, and names unique over all', () => {
    const ids = book.sets.flatMap((set) => set.indicators.map((one) => one.id))
    expect(new Set(ids).size).toBe(book.rules.length)
    expect(new Set(book.rules.map((one) => one.name)).size).toBe(book.rules.length)
  })

  it('have ids that no indicator set has', async () => {
    const taken = new Set((await openBundledData()).sets.map((set) => set.id))
    expect(book.sets.filter((set) => taken.has(set.id))).toEqual([])
  })

  it.each(Object.keys(ruleSamples))('%s matches its sample, and not the one beside it', async (name) => {
    const sample = ruleSamples[name]
    if (!sample) throw new Error(`${name} has no sample`)
    const found = await rules.scan(new Uint8Array(sample.positive))
    expect(found.map((one) => one.rule)).toContain(name)
    expect(await matching(sample.negative)).not.toContain(name)
    await expectGolden(`rules/${name}`, { positive: found, negative: await matching(sample.negative) })
  })

  it.each(Object.keys(ruleSamples))('%s gets to see its sample: its kind, its size and a needle', (name) => {
    const rule = book.rules.find((one) => one.name === name)
    const { positive } = ruleSamples[name] ?? { positive: new Uint8Array() }
    const has = (needles: readonly string[]) => needles.some((hex) => Buffer.from(positive).includes(hex, 0, 'hex'))
    expect(rule?.kinds).toContain(fileKind(positive))
    expect(has(rule?.needles ?? [])).toBe(true)
    expect(rules.mayMatch(fileKind(positive), positive.length, has)).toBe(true)
  })

  it('match neither a report that quotes them, nor an ordinary program, nor nothing', async () => {
    expect(await matching(quotedReport())).toEqual([])
    expect(await matching(peImage({ text: noise('ordinary', 5000) }))).toEqual([])
    expect(await matching(new Uint8Array())).toEqual([])
  })
})
