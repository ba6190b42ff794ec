/**
 * The four hunts of the Sophos article in both forms, over every sample image and its clean twin: exactly what was
 * planted, and nothing. What names the rows is the image's own answer key, or stands here.
 *
 * In an image some evidence cannot be: a resolver's cache, processes, events that osquery recorded, and files with the
 * digests of the real attack. There another query of the same hunt finds what was planted: the history of browsers, the
 * registry and bundles, the file itself, and YARA.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCatalogue } from '../../extension/catalogue.ts'
import { errorCodes } from '../../extension/domain/errors.ts'
import type { Platform } from '../../extension/domain/platform.ts'
import { loadBundledSets } from '../../extension/indicators/index.ts'
import { shippedPacks } from '../../extension/packs/load-packs.ts'
import { openLog } from '../../extension/runtime/log.ts'
import { openSql } from '../../extension/sdk/sql/index.ts'
import { threecx } from '../support/command.ts'
import { contactFiles } from '../support/image/contact-files.ts'
import { type PlantedFile, plantImage } from '../support/sample-image.ts'

type Row = Readonly<Record<string, unknown>>

/** The pack on our tables, and those on osquery's own. */
const ours = 'sophos-2023-03'
const plain = ['sophos-2023-03-plain', 'sophos-2023-03-history-plain']
const { packs } = shippedPacks()
const constructed = packs.flatMap((pack) => pack.constructed)

let directory: string
const planted = new Map<string, readonly PlantedFile[]>()
/** Rows by image, then by pack and query. */
const answers = new Map<string, ReadonlyMap<string, readonly Row[]>>()

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-packs-images-'))
  for (const platform of ['windows', 'darwin', 'linux'] as const) {
    for (const clean of [false, true]) {
      const name = clean ? `${platform} clean` : platform
      planted.set(name, plantImage(platform, join(directory, name), { clean }))
      answers.set(name, await askAll(join(directory, name), platform))
    }
  }
}, 300_000)
afterAll(() => rmSync(directory, { recursive: true }))

/** What every query of the article's packs answers, of those that are for the platform. */
async function askAll(root: string, platform: Platform): Promise<ReadonlyMap<string, readonly Row[]>> {
  const catalogue = await openCatalogue({ root, scope: 'places' }, openLog('silent'))
  const here = catalogue.osqueryTables(constructed)
  const sql = await openSql([...catalogue.tables, ...here.tables])
  try {
    const found = new Map<string, readonly Row[]>()
    for (const { name, queries } of packs.filter((pack) => pack.name.startsWith('sophos-'))) {
      for (const query of queries) {
        if (!query.platforms.includes(platform)) continue
        found.set(`${name}/${query.name}`, (await sql.query(query.sql)).rows)
      }
    }
    expect(here.problems.all).toEqual([])
    return found
  } finally {
    await sql.close()
    catalogue.close()
  }
}

/** Rows of some queries of some packs, as what is told of each. */
function told(image: string, names: readonly string[], hunt: RegExp, tell: (row: Row) => unknown): unknown[] {
  const found = [...(answers.get(image) ?? [])].filter(
    ([key]) => names.includes(key.split('/')[0] ?? '') && hunt.test(key.split('/')[1] ?? ''),
  )
  return [...new Set(found.flatMap(([, rows]) => rows.map((row) => JSON.stringify(tell(row)))))].sort()
}

const texts = (values: readonly unknown[]) => values.map((one) => JSON.stringify(one)).sort()
const inImage = (platform: Platform, path: string) =>
  platform === 'windows' ? `C:\\${path.replaceAll('/', '\\')}` : `/${path}`

describe.each(['windows', 'darwin', 'linux'] as const)('on the %s image', (platform) => {
  it('malicious files, on our tables: every file that the image says is malicious', () => {
    const files = (planted.get(platform) ?? []).filter(({ verdict }) => verdict === 'malicious')
    const names = files.map(({ path, sha256 }) => [path.slice(path.lastIndexOf('/') + 1), sha256])
    const found = told(platform, [ours], /^malicious_files/, (row) => [row['filename'], row['sha256']])
    expect(found).toEqual([...new Set(texts(names))])
  })

  it('malicious files, on plain tables: those that have code or data of the attack, by YARA', () => {
    const rules: Readonly<Record<Platform, Readonly<Record<string, string>>>> = {
      windows: {
        'ffmpeg.dll': 'threecx_marker_search,threecx_loader_event,threecx_rc4_key',
        'd3dcompiler_47.dll': 'threecx_carrier_marker',
        'icon1.ico': 'threecx_icon_trailer',
        'samcli.dll': 'threecx_iconic_loader',
        'trololo.dll': 'threecx_iconic_stealer',
      },
      darwin: { 'libffmpeg.dylib': 'threecx_macos_loader', UpdateAgent: 'threecx_macos_agent' },
      linux: { '3CXDesktopApp-latest.msi': 'threecx_rc4_key' },
    }
    const expected = (planted.get(platform) ?? []).flatMap(({ path, verdict, sha256, size }) => {
      const matches = rules[platform][path.slice(path.lastIndexOf('/') + 1)]
      return verdict === 'malicious' && matches ? [[inImage(platform, path), size, sha256, matches]] : []
    })
    expect(expected.length).toBe({ windows: 9, darwin: 3, linux: 1 }[platform])
    const tell = (row: Row) => [row['path'], row['size'], row['sha256'], row['matches']]
    expect(told(platform, plain, /^malicious_files_yara/, tell)).toEqual(texts(expected))
    expect(told(platform, plain, /^malicious_files_plain/, tell)).toEqual([])
  })

  it('contacts, on our tables: every planted contact with an address of the article', () => {
    const published = loadBundledSets().find(({ id }) => id === '3cx/sophos-2023-03')?.indicators ?? []
    const domains = new Set(published.filter(({ type }) => type === 'domain').map(({ value }) => value))
    const contacts = contactFiles(platform, 'compromised').contacts.filter(
      ({ indicator }) => domains.has(indicator) || indicator.includes('/IconStorages/images/main/'),
    )
    const tell = (row: Row) => [row['source'], String(row['source_path']).slice(join(directory, platform).length + 1)]
    const expected = contacts.map(({ source, path }) => [source, path])
    expect(told(platform, [ours], /^c2_contact/, tell)).toEqual([...new Set(texts(expected))])
  })

  it('contacts, on plain tables: what the histories of browsers hold', () => {
    const histories = ['chromium_history', 'firefox_places', 'safari_history']
    const expected = contactFiles(platform, 'compromised')
      .contacts.filter(({ source }) => histories.includes(source))
      .map(({ path, indicator, count, lastSeen }) => [
        inImage(platform, path),
        indicator.startsWith('https://raw.') ? 'icons on the shared code host' : indicator,
        String(count),
        new Date((lastSeen ?? 0) * 1000).toISOString().slice(0, 19).replace('T', ' '),
      ])
    expect(expected.length).toBe({ windows: 3, darwin: 2, linux: 1 }[platform])
    const tell = (row: Row) => [row['source_path'], row['indicator'], row['visits'], row['last_visit']]
    expect(told(platform, plain, /^c2_contact/, tell)).toEqual(texts(expected))
  })
})

describe('affected releases', () => {
  const app = (user: string) => `Users/${user}/AppData/Local/Programs/3CXDesktopApp`
  const bundle = '3CX Desktop App.app'
  const served = '/var/lib/3cxpbx/Instance1/Data/Http/electron'

  it.each([
    ['windows', ['18.12.407', '18.12.416', '18.12.416']],
    ['darwin', ['18.11.1213', '18.12.416']],
    ['linux', ['18.11.1213', '18.12.407', '18.12.416', '18.12.416', '18.12.416', '18.12.416']],
  ] as const)('on our tables, over the %s image: %j', (image, versions) => {
    const rows = answers.get(image)?.get(`${ours}/affected_versions`) ?? []
    expect(rows.map((row) => String(row['version'])).sort()).toEqual([...versions])
  })

  it.each([
    [
      'windows',
      [
        ['18.12.407', inImage('windows', 'Program Files/3CXDesktopApp')],
        ['18.12.416', inImage('windows', app('alice'))],
        ['18.12.416', inImage('windows', app('bob'))],
      ],
    ],
    [
      'darwin',
      [
        ['18.11.1213', `/Users/dave/Applications/${bundle}`],
        ['18.12.416', `/Applications/${bundle}`],
      ],
    ],
    [
      'linux',
      [
        '/osx/3CXDesktopApp-18.11.1213.dmg',
        '/osx/3CXDesktopApp-18.12.416-mac.zip',
        '/osx/3CXDesktopApp-18.12.416.dmg',
        '/windows/3CXDesktopApp-18.12.407.msi',
        '/windows/3CXDesktopApp-18.12.416-full.nupkg',
        '/windows/3CXDesktopApp-18.12.416.msi',
      ].map((path) => [null, served + path]),
    ],
  ] as const)('on plain tables, over the %s image: %j', (image, expected) => {
    const tell = (row: Row) => [row['version'] ?? null, row['path']]
    expect(told(image, plain, /^affected_versions/, tell)).toEqual(texts(expected))
  })
})

describe('UpdateAgent', () => {
  const agent = '/Users/carol/Library/Application Support/3CX Desktop App/UpdateAgent'

  it('on our tables is found in the image of macOS, with what it left beside it, and nowhere else', () => {
    const tell = (row: Row) => [row['trace'], String(row['path']).split('/').at(-1)]
    const expected = ['.main_storage', '.session-lock', 'UpdateAgent'].map((name) => ['file', name])
    expect(told('darwin', [ours], /^update_agent/, tell)).toEqual(texts(expected))
    for (const image of ['windows', 'linux']) expect(told(image, [ours], /^update_agent/, tell)).toEqual([])
  })

  it('on plain tables is found in the image of macOS by its file: no image has the events of an osquery', () => {
    const tell = (row: Row) => [row['trace'], row['path']]
    expect(told('darwin', plain, /^update_agent/, tell)).toEqual(texts([['file', agent]]))
    expect(answers.get('darwin')?.get('sophos-2023-03-plain/update_agent_events_plain')).toEqual([])
  })
})

describe.each(['windows clean', 'darwin clean', 'linux clean'])('on the %s image', (image) => {
  it('every hunt in both forms finds nothing', () => {
    const found = [...(answers.get(image) ?? [])]
    expect(found.length).toBeGreaterThanOrEqual(8)
    expect(found.filter(([, rows]) => rows.length > 0)).toEqual([])
  })
})

describe('threecx packs run', () => {
  const run = async (...args: string[]) => {
    const names = [ours, ...plain]
    const { exit, stdout, stderr } = await threecx(join(directory, 'state'), [
      'packs',
      'run',
      ...names,
      '--no-cache',
      '--format',
      'json',
      ...args,
    ])
    const rows: Row[] = JSON.parse(stdout)
    return { exit, stderr, rows }
  }

  it('finds rows in an image in both forms, and leaves out what is for other systems', async () => {
    const { exit, stderr, rows } = await run('--root', join(directory, 'windows'))
    expect([exit, stderr]).toEqual([1, ''])
    const with_ = (outcome: string) =>
      new Set(rows.filter((row) => row['outcome'] === outcome).map((row) => row['query']))
    expect([...with_('rows')].sort()).toEqual([
      'affected_versions',
      'affected_versions_windows_plain',
      'c2_contact',
      'c2_contact_history_windows_plain',
      'malicious_files',
      'malicious_files_yara_plain',
    ])
    expect([...with_('nothing')].sort()).toEqual(['c2_contact_plain', 'malicious_files_plain', 'update_agent'])
    expect(rows.filter((row) => row['outcome'] === 'skipped').map((row) => row['message'])).toContain(
      "asks osquery's tables of darwin; this is windows",
    )
  })

  it('finds no row for any hunt on this machine, which is no victim, and nothing fails', async () => {
    const { exit, rows } = await run()
    expect(rows.filter((row) => row['row'] !== '')).toEqual([])
    expect([...new Set(rows.map((row) => row['outcome']))].sort()).toEqual(['nothing', 'skipped'])
    const asked = rows.filter((row) => row['outcome'] === 'nothing').map((row) => row['query'])
    expect(asked).toEqual(
      expect.arrayContaining(['affected_versions', 'c2_contact', 'malicious_files', 'update_agent']),
    )
    if (process.platform === 'linux') {
      expect(asked).toEqual(
        expect.arrayContaining([
          'affected_versions_served_plain',
          'c2_contact_history_linux_plain',
          'malicious_files_plain',
          'malicious_files_yara_plain',
        ]),
      )
    }
    expect([0, errorCodes.scan_incomplete.exit]).toContain(exit) // not everybody who runs this may read everything
  })
})
