/** Data that was checked before is taken as it is, and anything else is checked now. */
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkedText, openBundledData, readChecked } from '../../../extension/indicators/checked-data.ts'
import { folderAt } from '../../../extension/indicators/files.ts'
import {
  IndicatorsError,
  loadBundledSets,
  loadInstallPlaces,
  loadPlaces,
  loadSourcePlaces,
  openIndicatorPath,
} from '../../../extension/indicators/index.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-checked-'))
  cpSync(join(import.meta.dirname, '../../../iocs'), directory, { recursive: true })
})

afterEach(() => rmSync(directory, { recursive: true }))

describe('checked data', () => {
  it('is the same as what checking it gives, and as frozen', () => {
    const read = readChecked(folderAt(directory))
    expect(read).toEqual({
      sets: loadBundledSets(),
      places: loadPlaces(),
      installPlaces: loadInstallPlaces(),
      sourcePlaces: loadSourcePlaces(),
    })
    expect(Object.isFrozen(read?.sets[0]?.indicators[0])).toBe(true)
    expect(Object.isFrozen(read?.places[0])).toBe(true)
  })

  it.for([
    ['changed', () => appendFileSync(join(directory, '3cx/winget-2023-04.json'), '\n')],
    ['added', () => cpSync(join(directory, '3cx/winget-2023-04.json'), join(directory, '3cx/zzz.json'))],
    ['missing', () => rmSync(join(directory, '3cx/winget-2023-04.json'))],
    ['the list itself, and no JSON', () => writeFileSync(join(directory, 'checked.json'), '{')],
    ['the list itself, and missing', () => rmSync(join(directory, 'checked.json'))],
    ['installs.json, and missing', () => rmSync(join(directory, 'installs.json'))],
    ['sources.json, and missing', () => rmSync(join(directory, 'sources.json'))],
    ['places.json, and changed', () => appendFileSync(join(directory, 'places.json'), '\n')],
  ] as const)('is not believed when a file is %s', ([, change]) => {
    change()
    expect(readChecked(folderAt(directory))).toBeUndefined()
  })

  it('that changed is checked, and works when it is in order', async () => {
    appendFileSync(join(directory, '3cx/winget-2023-04.json'), '\n')
    expect((await openBundledData(folderAt(directory))).sets).toEqual(loadBundledSets())
  })

  it('that changed and is damaged fails the start with its problems', async () => {
    writeFileSync(join(directory, '3cx/winget-2023-04.json'), '{}')
    await expect(openBundledData(folderAt(directory))).rejects.toThrow(IndicatorsError)
  })

  it('lists every set and all kinds of places', () => {
    const names = Object.keys(JSON.parse(checkedText(folderAt(directory))))
    expect(names).toEqual(
      [...loadBundledSets().map((set) => `${set.id}.json`), 'places.json', 'installs.json', 'sources.json'].sort(),
    )
  })

  it('does not make the list a set', () => {
    expect(openIndicatorPath(directory).files.map(({ file }) => file)).not.toContainEqual(
      expect.stringContaining('checked.json'),
    )
  })
})
