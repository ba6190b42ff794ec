/** Databases of browsers: ordinary, empty, in use, half committed, damaged and hostile ones. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { matcher } from '../../../extension/domain/match.ts'
import { loadBundledSets } from '../../../extension/indicators/index.ts'
import type { Source } from '../../../extension/sources/source.ts'
import { stores } from '../../../extension/sources/stores/index.ts'
import {
  type Cookie,
  chromiumCookiesDatabase,
  chromiumFaviconsDatabase,
  chromiumHistoryDatabase,
  type Download,
  firefoxCookiesDatabase,
  firefoxFormsDatabase,
  firefoxPlacesDatabase,
  lookAlikes,
  ordinaryPages,
  type Page,
  safariHistoryDatabase,
} from '../../support/browser-stores.ts'
import { expectGolden } from '../../support/golden.ts'
import { recordsOf } from '../../support/source-files.ts'

let directory = mkdtempSync(join(tmpdir(), 'threecx-stores-'))
beforeEach(() => {
  rmSync(directory, { recursive: true, force: true })
  directory = mkdtempSync(join(tmpdir(), 'threecx-stores-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const planted: readonly Page[] = [
  {
    url: 'https://Officeaddons.com/officeaddons',
    title: 'Sign in',
    visits: [1_679_300_000, 1_679_300_500, 1_679_400_000],
  },
  { url: 'https://raw.githubusercontent.com/IconStorages/images/main/icon3.ico', visits: [1_679_310_000] },
]
const downloads: readonly Download[] = [
  {
    chain: ['https://short.example/a', 'https://pbxsources.com/exchange/get'],
    file: '/home/alice/Downloads/get',
    started: 1_679_320_000,
  },
  {
    chain: ['https://cdn.example/file.zip'],
    file: '/home/alice/Downloads/file.zip',
    started: 1_679_321_000,
    referrer: 'https://msstorageazure.com/window',
  },
  { chain: ['https://clean.example/x'], file: '/home/alice/Downloads/x', started: 1_679_322_000 },
]
const pages = [...ordinaryPages, ...planted, ...lookAlikes]
const cookies: readonly Cookie[] = [
  { host: '.azureonlinestorage.com', name: '__tutma', created: 1_679_300_000, used: 1_679_390_000 },
  { host: 'example.org', name: 'session', created: 1_679_300_000, used: 1_679_390_000 },
]

/** How each store is filled, by source: with rows, and without. */
const fillings: Readonly<Record<string, readonly [file: string, fill: (path: string, isFull: boolean) => void]>> = {
  chromium_history: [
    'History',
    (path, isFull) => chromiumHistoryDatabase(path, isFull ? pages : [], isFull ? downloads : []).close(),
  ],
  chromium_cookies: ['Cookies', (path, isFull) => chromiumCookiesDatabase(path, isFull ? cookies : [])],
  chromium_favicons: ['Favicons', (path, isFull) => chromiumFaviconsDatabase(path, isFull ? pages : [])],
  firefox_places: [
    'places.sqlite',
    (path, isFull) =>
      firefoxPlacesDatabase(
        path,
        isFull ? [...pages, { url: 'https://pbxsources.com/bookmarked', visits: [] }] : [],
        isFull ? downloads : [],
      ).close(),
  ],
  firefox_cookies: ['cookies.sqlite', (path, isFull) => firefoxCookiesDatabase(path, isFull ? cookies : [])],
  firefox_formhistory: [
    'formhistory.sqlite',
    (path, isFull) =>
      firefoxFormsDatabase(
        path,
        isFull ? ['what is officeaddons.com', 'https://officeaddons.com/x', 'a@example.org'] : [],
      ),
  ],
  safari_history: ['History.db', (path, isFull) => safariHistoryDatabase(path, isFull ? pages : [])],
}

const campaign = matcher(loadBundledSets().flatMap((set) => set.indicators))

/** A source by name. */
function storeNamed(name: string): Source {
  const found = stores.find((one) => one.name === name)
  if (!found) throw new Error(`there is no source ${name}`)
  return found
}

describe.each(Object.entries(fillings))('%s', (name, [file, fill]) => {
  it('tells contacts with their times, and no look-alike as one', async () => {
    fill(join(directory, file), true)
    const records = await recordsOf(storeNamed(name), join(directory, file))
    expect(JSON.stringify(records)).not.toContain('secret')
    const found = records.flatMap((one) => ('problem' in one ? [] : campaign.match(one)))
    expect(found.length).toBeGreaterThan(0)
    expect(found.map(({ observable }) => observable.value).filter((one) => /example/.test(one))).toEqual([])
    await expectGolden(`sources/${name}/ordinary`, records)
  })

  it('says nothing of an empty one', async () => {
    fill(join(directory, file), false)
    expect(await recordsOf(storeNamed(name), join(directory, file))).toEqual([])
  })
})
