/**
 * Golden cases of every import format: `test/golden/indicators/<format>/<case>.in.*` -> `<case>.out.json`.
 *
 * A case is imported with the format detected from its content, as an operator would have it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { IndicatorSet } from '../../../extension/domain/indicator.ts'
import {
  fixed,
  IndicatorsError,
  importFormats,
  importIndicators,
  problemText,
} from '../../../extension/indicators/index.ts'
import { readSet } from '../../../extension/indicators/set-file.ts'
import { expectGolden } from '../../support/golden.ts'

const folder = join(import.meta.dirname, '..', '..', 'golden', 'indicators')
const nowMs = Date.UTC(2023, 5, 1)

function imported(bytes: Uint8Array, name: string): unknown {
  try {
    const { set, report } = importIndicators(bytes, { name, nowMs })
    return { set: { ...set, indicators: set.indicators.map((one) => JSON.stringify(one)) }, report }
  } catch (cause) {
    if (cause instanceof IndicatorsError) return { problems: cause.problems.map(problemText) }
    throw cause
  }
}

function setOf(bytes: Uint8Array, name: string): IndicatorSet | undefined {
  try {
    return importIndicators(bytes, { name, nowMs }).set
  } catch (cause) {
    if (cause instanceof IndicatorsError) return undefined
    throw cause
  }
}

for (const format of importFormats) {
  const cases = readdirSync(join(folder, format)).filter((file) => file.includes('.in.'))

  describe(`importing ${format}`, () => {
    it('has an ordinary, an empty, a damaged and a hostile case', () => {
      const names = cases.map((file) => file.slice(0, file.indexOf('.in.')))
      const ordinary = format === 'csv' ? 'sophos' : 'ordinary'
      expect(names).toEqual(expect.arrayContaining([ordinary, 'empty', 'damaged', 'hostile']))
    })

    for (const file of cases) {
      const name = file.slice(0, file.indexOf('.in.'))
      it(`imports ${name} as its golden file says`, async () => {
        const bytes = readFileSync(join(folder, format, file))
        await expectGolden(`indicators/${format}/${name}`, imported(bytes, `${name}.in`))
      })

      it(`gives a set from ${name} that loads as our own format, if it gives one`, () => {
        const bytes = readFileSync(join(folder, format, file))
        const set = setOf(bytes, name)
        if (set === undefined) return
        const read = readSet(fixed(set), name, set.id)
        expect(read).toEqual({ set })
      })
    }
  })
}
