/** What macOS' own loading of URLs keeps: ordinary, empty, damaged and hostile files. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { macCookies } from '../../../extension/sources/stores/binary-cookies.ts'
import { binaryCookies } from '../../../extension/sources/stores/binary-cookies-file.ts'
import { macHttpStorage } from '../../../extension/sources/stores/mac-http-storage.ts'
import { macUrlCache } from '../../../extension/sources/stores/mac-url-cache.ts'
import { patched } from '../../support/byte-writer.ts'
import { expectGolden } from '../../support/golden.ts'
import { binaryCookiesFile, httpStorageDatabase, urlCacheDatabase } from '../../support/mac-network.ts'
import { recordsOf } from '../../support/source-files.ts'

let directory = mkdtempSync(join(tmpdir(), 'threecx-mac-network-'))
beforeEach(() => {
  rmSync(directory, { recursive: true, force: true })
  directory = mkdtempSync(join(tmpdir(), 'threecx-mac-network-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const time = 1_679_300_000
const cookie = (host: string, name = 'id') => ({ host, name, created: time, used: time + 60 })
const jar = binaryCookiesFile([
  cookie('.example.org'),
  cookie('.PbxSources.com', '__tutma'),
  cookie('notofficeaddons.com.example'),
  cookie('officeaddons.com'),
  cookie('mail.example.org', 'officeaddons.com'),
])

function written(name: string, bytes: Uint8Array): string {
  const path = join(directory, name)
  writeFileSync(path, bytes)
  return path
}

describe('a jar of cookies', () => {
  it('tells hosts, names and creation, and no value', async () => {
    const records = await recordsOf(macCookies, written('UpdateAgent.binarycookies', jar))
    expect(JSON.stringify(records)).not.toContain('secret')
    await expectGolden('sources/binary_cookies/ordinary', records)
  })

  it('that is empty says nothing', async () => {
    expect(await recordsOf(macCookies, written('Cookies.binarycookies', binaryCookiesFile([])))).toEqual([])
  })

  it('that is damaged gives its sound records, and says so', async () => {
    const second = Buffer.from(jar).indexOf('PbxSources.com') // the first of its texts is the host
    const broken = patched(jar, second - 56 - 1 + 16, Uint8Array.of(0xff, 0xff, 0xff, 0x7f))
    await expectGolden(
      'sources/binary_cookies/damaged',
      await recordsOf(macCookies, written('a.binarycookies', broken)),
    )
    for (let length = 8; length < jar.length - 12; length += 7) {
      const cut = binaryCookies(jar.subarray(0, length))
      expect(cut?.damaged, String(length)).toBeGreaterThan(0)
    }
  })

  it('of any bytes ends, with texts of its own bytes alone', () => {
    const mutations = fc.array(fc.tuple(fc.nat(jar.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 8 })
    fc.assert(
      fc.property(mutations, (changes) => {
        const bytes = jar.slice()
        for (const [at, value] of changes) bytes[at] = value
        const read = binaryCookies(bytes)
        const text = Buffer.from(bytes).toString('latin1')
        for (const { domain, offset } of read?.cookies ?? []) {
          if (/^[ -~]*$/.test(domain)) expect(text).toContain(domain)
          expect(offset).toBeLessThan(bytes.length)
        }
      }),
    )
  })

  it('whose records overlap without end costs no more than its bytes', () => {
    const many = Array.from({ length: 5000 }, () => cookie('a.example'))
    const bytes = binaryCookiesFile(many, 5000)
    const first = new DataView(bytes.buffer).getUint32(12 + 8, true)
    for (let at = 1; at < 5000; at++) new DataView(bytes.buffer).setUint32(12 + 8 + 4 * at, first, true)
    expect(binaryCookies(bytes)).toMatchObject({ damaged: 4999, cookies: { length: 1 } })
  })
})

describe('a cache of answers', () => {
  it('tells addresses with their times, and nothing of their bodies', async () => {
    const path = join(directory, 'Cache.db')
    urlCacheDatabase(path, [
      { url: 'https://www.example.com/?q=pbxsources.com', time },
      { url: 'https://sbmsa.pbxsources.com/blog', time: time + 5 },
      { url: 'https://officeaddons.com.example/', time },
    ])
    await expectGolden('sources/mac_url_cache/ordinary', await recordsOf(macUrlCache, path))
  })

  it('that is empty or cut off says nothing wrong', async () => {
    const path = join(directory, 'Cache.db')
    urlCacheDatabase(path, [])
    expect(await recordsOf(macUrlCache, path)).toEqual([])
    rmSync(path)
    urlCacheDatabase(
      path,
      Array.from({ length: 300 }, (_, at) => ({ url: `https://pbxsources.com/${at}`, time })),
    )
    truncateSync(path, Math.floor(readFileSync(path).length / 8192) * 4096)
    const records = await recordsOf(macUrlCache, path)
    const problems = records.flatMap((one) => ('problem' in one ? [one.problem.code] : []))
    expect(problems).toEqual(['damaged'])
    expect(records.length).toBeGreaterThan(10)
  })
})

describe('what servers told of themselves', () => {
  it('is told whatever the table is called', async () => {
    const path = join(directory, 'httpstorages.sqlite')
    httpStorageDatabase(path, ['www.example.com', 'pbxsources.com', 'notofficeaddons.com.example'])
    await expectGolden('sources/mac_http_storage/ordinary', await recordsOf(macHttpStorage, path))
  })

  it('is nothing in an empty database', async () => {
    const path = join(directory, 'httpstorages.sqlite')
    httpStorageDatabase(path, [])
    expect(await recordsOf(macHttpStorage, path)).toEqual([])
  })
})
