/** What a browser or the app keeps beside its databases: network state, downloads, local storage, caches, logs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { plistDictionaries } from '../../../extension/decoders/plist-dictionaries.ts'
import type { Source, SourceRecord } from '../../../extension/sources/source.ts'
import { chromiumNetworkState } from '../../../extension/sources/stores/chromium-network-state.ts'
import { electronAppState } from '../../../extension/sources/stores/electron-app-state.ts'
import { stores } from '../../../extension/sources/stores/index.ts'
import { logPieces, tablePieces } from '../../../extension/sources/stores/leveldb.ts'
import { rawAddresses } from '../../../extension/sources/stores/raw-addresses.ts'
import { safariDownloads } from '../../../extension/sources/stores/safari-downloads.ts'
import { unsnappy } from '../../../extension/sources/stores/snappy.ts'
import { macTime, prTime, webkitTime } from '../../../extension/sources/stores/times.ts'
import {
  blockCacheFile,
  levelLog,
  levelTable,
  networkState,
  plistDate,
  safariDownloadsXml,
  simpleCacheEntry,
  snappy,
} from '../../support/app-state.ts'
import { webkit } from '../../support/browser-stores.ts'
import { join, patched, utf16, zeros } from '../../support/byte-writer.ts'
import { expectGolden } from '../../support/golden.ts'
import { binaryObjects, marker, text } from '../../support/plist-builder.ts'
import { needles, readerOf, recordsFrom, recordsOf, sourceFile } from '../../support/source-files.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(joinPath(tmpdir(), 'threecx-state-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

async function read(source: Source, name: string, content: Uint8Array | string): Promise<SourceRecord[]> {
  writeFileSync(joinPath(directory, name), content)
  return await recordsOf(source, joinPath(directory, name))
}

function addresses(records: readonly SourceRecord[]): (string | undefined)[] {
  return records.flatMap((one) => ('problem' in one ? [] : [one.raw]))
}

function codes(records: readonly SourceRecord[]): string[] {
  return records.flatMap((one) => ('problem' in one ? [one.problem.code] : []))
}

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

describe('chromium_network_state', () => {
  const servers = [
    'https://a.example',
    'https://www.officeaddons.com',
    'https://notpbxsources.com.example',
    'https://pbxsources.com:8443',
  ]

  it('tells servers with where they stand', async () => {
    const records = await read(chromiumNetworkState, 'Network Persistent State', networkState(servers, 1_690_000_000))
    await expectGolden('sources/chromium_network_state/ordinary', records)
  })

  it('says nothing of an empty one', async () => {
    expect(await read(chromiumNetworkState, 'Network Persistent State', '{}')).toEqual([])
    expect(await read(chromiumNetworkState, 'Network Persistent State', '')).toEqual([])
  })

  it('searches one that is cut, and says so', async () => {
    const whole = networkState(servers, 1_690_000_000)
    const records = await read(chromiumNetworkState, 'Network Persistent State', whole.slice(0, -90))
    expect(codes(records)).toEqual(['damaged'])
    await expectGolden('sources/chromium_network_state/damaged', records)
  })

  it('ends with one that is nested without end', async () => {
    const deep = `${'['.repeat(200_000)}"https://officeaddons.com"${']'.repeat(200_000)}`
    expect(addresses(await read(chromiumNetworkState, 'Network Persistent State', deep))).toEqual([
      'https://officeaddons.com',
    ])
  })

  it('searches one that is too long to be parsed', async () => {
    const many = Array.from({ length: 20_000 }, (_, at) => `https://site-${at}.example`)
    const records = await read(
      chromiumNetworkState,
      'Network Persistent State',
      networkState([...many, 'https://officeaddons.com'], 1_690_000_000).slice(0, 8 << 20),
    )
    expect(addresses(records)).toEqual(['https://officeaddons.com'])
  })
})

describe('safari_downloads', () => {
  const entries = [
    {
      url: 'https://pbxsources.com/exchange?a=1&amp;b=2',
      path: '/Users/alice/Downloads/x',
      added: '2023-03-22T10:00:00Z',
    },
    { url: 'https://a.example/pbxsources.com', path: '/Users/alice/Downloads/y', added: '2023-03-22T10:00:01Z' },
    { url: 'https://a.example/', path: '/Users/alice/Downloads/z', added: 'yesterday' },
  ]

  it('tells downloads in XML', async () => {
    await expectGolden(
      'sources/safari_downloads/xml',
      await read(safariDownloads, 'Downloads.plist', safariDownloadsXml(entries)),
    )
  })

  it('tells downloads in the binary encoding', async () => {
    const objects = [
      join(marker(0xd, 1), Uint8Array.of(1, 2)),
      text('DownloadHistory'),
      join(marker(0xa, 1), Uint8Array.of(3)),
      join(marker(0xd, 3), Uint8Array.of(4, 5, 6, 7, 8, 9)),
      text('DownloadEntryURL'),
      text('DownloadEntryPath'),
      text('DownloadEntryDateAddedKey'),
      text('https://officeaddons.com/x'),
      text('/Users/alice/Downloads/x'),
      plistDate(1_679_479_200),
    ]
    await expectGolden(
      'sources/safari_downloads/binary',
      await read(safariDownloads, 'Downloads.plist', binaryObjects(objects)),
    )
  })

  it('says nothing of an empty list, and why a damaged one cannot be read', async () => {
    expect(await read(safariDownloads, 'Downloads.plist', safariDownloadsXml([]))).toEqual([])
    const cut = safariDownloadsXml(entries.slice(0, 1)).replace('</string>', '</strong>')
    expect(codes(await read(safariDownloads, 'Downloads.plist', cut))).toEqual(['damaged'])
  })

  it('ends whatever is in the list', () => {
    const binary = binaryObjects([
      join(marker(0xd, 2), Uint8Array.of(1, 1, 0, 2)),
      text('DownloadEntryURL'),
      plistDate(0),
    ])
    const bytes = fc.array(fc.tuple(fc.nat(binary.length - 1), fc.nat(255)), { maxLength: 6 })
    fc.assert(
      fc.property(
        bytes,
        fc.string({ unit: fc.constantFrom('<dict>', '</dict>', '<key>', '</key>', 'a', '<string/>'), maxLength: 30 }),
        (edits, xml) => {
          plistDictionaries(edits.reduce((file, [at, value]) => patched(file, at, Uint8Array.of(value)), binary))
          plistDictionaries(join(`<plist>${xml}`))
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('electron_app_state', () => {
  const storage: [string, Uint8Array | string][] = [
    ['META:https://app.example', 'x'],
    ['_https://app.example\0\u0001first', '\u0001https://a.example/'],
    ['_https://app.example\0\u0001last', '\u0001{"home":"https://officeaddons.com/officeaddons"}'],
    ['_https://app.example\0\u0001wide', join(zeros(1), utf16('see https://pbxsources.com/exchange now'))],
    ['_https://msstorageazure.com', 'x'],
    ['_https://msstorageazure.com\0\u0001key', 'x'],
  ]

  it.each([
    ['packed', true],
    ['plain', false],
  ] as const)(
    'tells what stands in %s tables of local storage, shared parts of keys put back',
    async (name, isPacked) => {
      const table = levelTable(storage, isPacked)
      if (isPacked) expect(latin1(table)).not.toContain('"https://officeaddons.com')
      const records = await read(electronAppState, '000005.ldb', table)
      expect(codes(records)).toEqual([])
      expect(addresses(records)).toEqual([
        'https://officeaddons.com/officeaddons',
        'https://msstorageazure.com',
        'https://pbxsources.com/exchange',
      ])
      await expectGolden(`sources/electron_app_state/table-${name}`, records)
    },
  )

  it('tells what stands in a log of local storage, over the border of its blocks too', async () => {
    const records = await read(
      electronAppState,
      '000003.log',
      levelLog(['x'.repeat(32_700), 'value https://officeaddons.com/across/a/border ', 'last https://pbxsources.com/']),
    )
    expect(addresses(records)).toEqual(['https://officeaddons.com/across/a/border', 'https://pbxsources.com/'])
  })

  it('searches a table that is cut, and says so', async () => {
    const records = await read(electronAppState, '000005.ldb', levelTable(storage, false).subarray(0, -20))
    expect(codes(records)).toEqual(['damaged'])
    expect(addresses(records)).toContain('https://officeaddons.com/officeaddons')
  })

  it('tells keys of a cache of files, with the time of the file', async () => {
    const key =
      '1/0/_dk_https://app.example https://app.example https://raw.githubusercontent.com/IconStorages/images/main/icon1.ico'
    await expectGolden(
      'sources/electron_app_state/cache-file',
      await read(electronAppState, 'a1b2c3d4e5f60718_0', simpleCacheEntry(key)),
    )
    expect(await read(electronAppState, 'a1b2c3d4e5f60718_0', simpleCacheEntry(key).subarray(0, 60))).toEqual([])
  })

  it('tells keys of a cache of blocks, with the time of the entry', async () => {
    const file = blockCacheFile([
      { key: 'https://a.example/', created: 1_679_300_000 },
      { key: `https://officeaddons.com/${'x'.repeat(300)}`, created: 1_679_300_001 },
      { key: '1/0/_dk_https://b.example https://b.example https://pbxsources.com/queue', created: 1_679_300_002 },
      { key: 'https://msstorageazure.com.example/', created: 1_679_300_003 },
    ])
    await expectGolden('sources/electron_app_state/cache-blocks', await read(electronAppState, 'data_1', file))
  })

  it('tells addresses of settings and logs with their place, and none of a query', async () => {
    const log = [
      '[2023-03-22 10:11:12.345] [info] GET https://officeaddons.com/officeaddons 200',
      '[2023-03-22 10:11:13.345] [info] GET https://a.example/?next=https://pbxsources.com/ 200',
      '{"list":["https://b.example","https://msstorageazure.com/window"],"host":"azureonlinestorage.com:443"}',
      'mail to admin@pbxsources.com',
    ].join('\n')
    const records = await read(electronAppState, 'main.log', log)
    for (const one of records) {
      if ('problem' in one) throw new Error(one.problem.message)
      expect(log.slice(one.offset, (one.offset ?? 0) + (one.raw?.length ?? 0))).toBe(one.raw)
    }
    await expectGolden('sources/electron_app_state/log', records)
  })

  it('finds each address of a large log once, wherever a piece of it ends', async () => {
    const line = 'GET https://officeaddons.com/some/longer/path/of/it?with=more HTTP/1.1\n'
    const count = Math.ceil((600 << 10) / line.length)
    const records = await read(electronAppState, 'renderer.log', line.repeat(count))
    expect(records).toMatchObject([{ raw: line.split(' ')[1], offset: 4, count }])
    const few = `${'x y '.repeat(65_530)}${line}${'x y '.repeat(65_530)}${line}`
    expect(await read(electronAppState, 'renderer.log', few)).toMatchObject([{ count: 2 }])
  })

  it('says what cannot be read', async () => {
    writeFileSync(joinPath(directory, 'config.json'), 'https://officeaddons.com')
    const path = joinPath(directory, 'config.json')
    const reader = { ...readerOf(path), read: () => Promise.reject(new Error('EACCES: permission denied')) }
    expect(codes(await recordsFrom(electronAppState, sourceFile(path), reader))).toEqual(['io'])
    const large = { ...sourceFile(path), size: 1 << 30 }
    expect(codes(await recordsFrom(electronAppState, large, readerOf(path)))).toEqual(['too_big'])
  })
})

describe('formats underneath', () => {
  it('snappy is unpacked as its authors pack it', () => {
    const packed = Buffer.from(
      'wAhcaHR0cHM6Ly9vZmZpY2VhZGRvbnMuY29tMhEAACD+JgD+JgD+JgD+JgD+JgD+JgD+JgD+JgDmJgDw0AABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9AQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpbXF1eX2BhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp+goaKjpKWmp6ipqqusra6vsLGys7S1tre4ubq7vL2+v8DBwsPExcbHcGJ4c291cmNlZR4EcGL+DgD+DgD+DgD+DgARDg==',
      'base64',
    )
    const address = 'https://officeaddons.com/officeaddons '
    const expected = Buffer.concat([
      Buffer.from(address.repeat(16)),
      Buffer.from(Array.from({ length: 200 }, (_, at) => at)),
      Buffer.from('pbxsources.com'.repeat(20)),
    ])
    expect(Buffer.from(unsnappy(packed, 1 << 20) ?? [])).toEqual(expected)
    expect(unsnappy(packed, 100)).toBeUndefined()
    for (let length = 0; length < packed.length; length++)
      expect(unsnappy(packed.subarray(0, length), 1 << 20)).toBeUndefined()
  })

  it('snappy unpacks what was packed, and ends on noise', () => {
    const repetitive = fc
      .array(fc.constantFrom(0x61, 0x62, 0x63), { maxLength: 300 })
      .map((all) => Uint8Array.from(all))
    fc.assert(fc.property(repetitive, (bytes) => void expect(unsnappy(snappy(bytes), 1 << 20)).toEqual(bytes)))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => void unsnappy(noise, 1 << 16)),
      { numRuns: 5000 },
    )
  })

  it('mutated tables and logs end within their bill', () => {
    const table = levelTable(
      Array.from({ length: 30 }, (_, at) => [`key-with-a-long-shared-part-${at}`, 'v'.repeat(20)] as [string, string]),
      true,
    )
    const log = levelLog(['a'.repeat(40_000), 'b'])
    const edit = (bytes: Uint8Array) =>
      fc
        .array(fc.tuple(fc.nat(bytes.length - 1), fc.oneof(fc.constantFrom(0, 0xff, 0x7f), fc.nat(255))), {
          minLength: 1,
          maxLength: 8,
        })
        .map((edits) => edits.reduce((file, [at, value]) => patched(file, at, Uint8Array.of(value)), bytes))
    fc.assert(
      fc.property(edit(table), edit(log), (mutatedTable, mutatedLog) => {
        const total = tablePieces(mutatedTable)?.pieces.reduce((sum, { bytes }) => sum + bytes.length, 0) ?? 0
        expect(total).toBeLessThan(64 << 20)
        expect(logPieces(mutatedLog).reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(log.length)
      }),
      { numRuns: 1000 },
    )
  })

  it('a megabyte without an end is searched in linear time', () => {
    const started = performance.now()
    for (const unit of ['a', 'officeaddons.com', 'https://', ':', '.']) {
      rawAddresses(Buffer.from(unit.repeat((1 << 20) / unit.length)), needles)
    }
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('times out of range are none', () => {
    expect(webkitTime(webkit(1_679_300_000.5))).toBe(1_679_300_000.5)
    expect(webkitTime('13323773600000000')).toBe(1_679_300_000)
    for (const none of [0, 1, -1n, 2n ** 63n - 1n, Number.NaN, 1e300, 'now', null, undefined]) {
      expect([webkitTime(none), prTime(none), macTime(none === 1 || none === -1n ? -1e12 : none)]).toEqual([
        undefined,
        undefined,
        undefined,
      ])
    }
    expect(prTime(1_679_300_000_000_001)).toBe(1_679_300_000.000001)
    expect(macTime(700_992_800.25)).toBe(1_679_300_000.25)
  })
})

it('every store says what it reads and what it cannot see, under a name of its own', () => {
  expect(new Set(stores.map(({ name }) => name)).size).toBe(stores.length)
  for (const { name, about } of stores) {
    expect(name).toMatch(/^[a-z]+(_[a-z]+)+$/)
    expect(about.reads.length).toBeGreaterThan(20)
    expect(about.blind.length).toBeGreaterThan(20)
    expect(about.platforms.length).toBeGreaterThan(0)
  }
})
