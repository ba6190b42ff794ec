/** The four hunts of the article on osquery's tables alone: indicators as published, planted rows found, clean ones not. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Platform } from '../../../extension/domain/platform.ts'
import { loadBundledSets } from '../../../extension/indicators/index.ts'
import { shippedPacks } from '../../../extension/packs/load-packs.ts'
import { type OsqueryRows, osqueryTables } from '../../../extension/packs/osquery-schema.ts'
import { tablesIn } from '../../../extension/packs/statement-tables.ts'
import { openSql } from '../../../extension/sdk/sql/index.ts'

const { packs } = shippedPacks()
const plain = packs
  .filter(({ name }) => name === 'sophos-2023-03-plain' || name === 'sophos-2023-03-history-plain')
  .flatMap(({ queries }) => queries)
const constructed = packs.flatMap((pack) => pack.constructed)
const published = loadBundledSets().find(({ id }) => id === '3cx/sophos-2023-03')?.indicators ?? []
const valuesOf = (type: string, platform?: Platform) =>
  published
    .filter((one) => one.type === type && one.status !== 'context')
    .filter((one) => platform === undefined || one.platform === platform)
    .map(({ value }) => value)
    .sort()

const queryOf = (name: string) => plain.find((one) => one.name === name)?.sql ?? ''
const literals = (name: string, shape: RegExp) => [
  ...new Set([...queryOf(name).matchAll(shape)].map((match) => match[1] ?? '')),
]

async function ask(name: string, platform: Platform, rows: OsqueryRows) {
  const sql = await openSql(osqueryTables(platform, rows, { statements: [queryOf(name)], constructed }))
  try {
    return (await sql.query(queryOf(name))).rows
  } finally {
    await sql.close()
  }
}

const [carrier = '', installer = ''] = ['11be1803', '59e1edf4'].map((start) =>
  valuesOf('sha256').find((one) => one.startsWith(start)),
)
const appFolder = 'C:\\Users\\ann\\AppData\\Local\\Programs\\3CXDesktopApp\\app'
const agent = '/Users/carol/Library/Application Support/3CX Desktop App/UpdateAgent'

describe('the plain queries of the Sophos article', () => {
  it.each(plain.map(({ name }) => name).filter((name) => name.startsWith('c2_contact')))(
    '%s names the domains of the published set, each once and no other',
    (name) => {
      expect(literals(name, /^ {2}\('([^']+)'\)/gm).sort()).toEqual(valuesOf('domain'))
    },
  )

  it('name the affected releases of both systems where a phone system serves them', () => {
    const served = literals('affected_versions_served_plain', /3CXDesktopApp-([\d.]+\d)[.-]%/g)
    expect(served.sort()).toEqual(
      [...new Set([...valuesOf('version', 'windows'), ...valuesOf('version', 'darwin')])].sort(),
    )
  })

  it('name the digests of the published set, each once and no other', () => {
    expect(literals('malicious_files_plain', /'([0-9a-f]{64})'/g).sort()).toEqual(valuesOf('sha256'))
  })

  it.each([
    ['windows', /'([\d.]+)\.%'/g],
    ['darwin', /'(18\.[\d.]+)'/g],
  ] as const)('name the affected releases for %s of the published set', (platform, shape) => {
    expect(literals(`affected_versions_${platform}_plain`, shape).sort()).toEqual(valuesOf('version', platform))
  })

  it('do not run by default, and ask for no table of ours', () => {
    for (const pack of packs.filter(({ name }) => name.startsWith('sophos-') && name.endsWith('-plain'))) {
      expect(pack.isDefault).toBe(false)
      const read = pack.queries.flatMap(({ sql }) => tablesIn(sql))
      expect(read.filter((name) => name.startsWith('threecx_'))).toEqual([])
    }
  })

  it('say in a comment what was wrong with the printed query, in both forms', () => {
    for (const pack of ['sophos-2023-03', 'sophos-2023-03-plain', 'sophos-2023-03-history-plain']) {
      for (const { name } of packs.find((one) => one.name === pack)?.queries ?? []) {
        const file = join(import.meta.dirname, '../../../packs', pack, `${name}.sql`)
        expect(readFileSync(file, 'utf8')).toMatch(/^-- .*printed query/m)
      }
    }
  })

  it('find a cached name and names below it, and no name that only ends alike', async () => {
    const names = ['msstorageazure.com', 'WWW.Officeaddons.COM.', 'notmsstorageazure.com', 'raw.githubusercontent.com']
    const rows = await ask('c2_contact_plain', 'windows', { dns_cache: names.map((name) => ({ name, type: 'A' })) })
    expect(rows.map((row) => row['indicator'])).toEqual(['msstorageazure.com', 'officeaddons.com'])
  })

  it.each(['windows', 'darwin', 'linux'] as const)(
    'find an address of the article in a history of %s',
    async (platform) => {
      const found = [
        'https://pbxsources.com/exchange',
        'https://www.PBXsources.com:8443?x=1',
        'http://name:secret@officeaddons.com.#top',
        'https://raw.githubusercontent.com/IconStorages/images/main/icon1.ico',
      ]
      const others = [
        'https://notpbxsources.com/',
        'https://pbxsources.com.example/',
        'https://example.org/?next=https://pbxsources.com/',
        'https://example.org/a@pbxsources.com',
        'https://raw.githubusercontent.com/Others/images/main/icon1.ico',
        'file:///home/ann/pbxsources.com',
        'about:blank',
      ]
      const rows = await ask(`c2_contact_history_${platform}_plain`, platform, {
        [`atc_threecx_chromium_${platform}`]: [...found, ...others].map((url) => ({
          url,
          visit_count: '2',
          last_visit_time: '13324571400000000',
          path: 'History',
        })),
      })
      expect(rows.map((row) => row['url']).sort()).toEqual([...found].sort())
      expect(new Set(rows.map((row) => row['last_visit']))).toEqual(new Set(['2023-03-29 13:50:00']))
      expect(rows.map((row) => row['indicator'])).toEqual(
        expect.arrayContaining(['pbxsources.com', 'officeaddons.com', 'icons on the shared code host']),
      )
    },
  )

  it('find what a phone system serves by the release in its name', async () => {
    const folder = '/var/lib/3cxpbx/Instance1/Data/Http/electron'
    const names = [
      'windows/3CXDesktopApp-18.12.416.msi',
      'windows/3CXDesktopApp-18.12.4160.msi',
      'osx/3CXDesktopApp-18.11.1213.dmg',
      'windows/3CXDesktopApp-18.11.1213.msi',
      'windows/3CXDesktopApp-18.12.407-full.nupkg',
      'osx/3CXDesktopApp-18.12.425.dmg',
    ]
    const file = names.map((name) => ({
      path: `${folder}/${name}`,
      directory: `${folder}/${name.split('/')[0]}`,
      filename: name.split('/')[1] ?? '',
      size: 1,
      mtime: 1,
    }))
    const rows = await ask('affected_versions_served_plain', 'linux', { file })
    expect(rows.map((row) => row['filename'])).toEqual([
      '3CXDesktopApp-18.12.416.msi',
      '3CXDesktopApp-18.11.1213.dmg',
      '3CXDesktopApp-18.12.407-full.nupkg',
    ])
  })

  it('find files by digest with their owner, and a library that could not be hashed', async () => {
    const file = (path: string, filename: string) => ({
      path,
      filename,
      size: 10,
      uid: 7,
      mtime: 1_680_000_000,
      btime: 0,
    })
    const paths = {
      [`${appFolder}\\d3dcompiler_47.dll`]: carrier,
      [`${appFolder}\\ffmpeg.dll`]: '',
      [`${appFolder}\\vk_swiftshader.dll`]: '',
      [`C:\\Program Files\\3CXDesktopApp\\app\\ffmpeg.dll`]: 'aa'.repeat(32),
      'C:\\Users\\ann\\Downloads\\setup.msi': installer.toUpperCase(),
      'C:\\Users\\ann\\Documents\\setup.msi': installer,
    }
    const rows = await ask('malicious_files_plain', 'windows', {
      file: Object.keys(paths).map((path) => file(path, path.slice(path.lastIndexOf('\\') + 1))),
      hash: Object.entries(paths).map(([path, sha256]) => ({ path, sha256 })),
      users: [{ uid: 7, username: 'ann' }],
    })
    expect(rows.map((row) => [row['filename'], row['finding'], row['owner'], row['created']])).toEqual([
      ['d3dcompiler_47.dll', 'malicious', 'ann', null],
      ['ffmpeg.dll', 'not hashed', 'ann', null],
      ['setup.msi', 'malicious', 'ann', null],
    ])
    expect(rows[0]?.['modified']).toBe('2023-03-28 10:40:00')
  })

  it('find affected releases of Windows, three fields or four, and not the repaired ones', async () => {
    const program = (version: string) => ({ name: '3CX Desktop App', version, install_location: '' })
    const path = `${appFolder}\\3CXDesktopApp.exe`
    const rows = await ask('affected_versions_windows_plain', 'windows', {
      programs: ['18.12.407', '18.12.416.0', '18.12.4160', '18.12.425', '18.11.1213'].map(program),
      processes: [{ pid: 42, name: '3CXDesktopApp.exe', path }],
      file: [{ path, product_version: '18.12.416' }],
    })
    expect(rows.map((row) => [row['state'], row['version'], row['pid']])).toEqual([
      ['running', '18.12.416', 42],
      ['installed', '18.12.407', null],
      ['installed', '18.12.416.0', null],
    ])
  })

  it('find affected releases of macOS, and which process runs them', async () => {
    const app = (path: string, version: string) => ({
      path,
      name: '3CX Desktop App.app',
      bundle_identifier: 'com.electron.3cx-desktop-app',
      bundle_short_version: version,
    })
    const running = '/Users/dave/Applications/3CX Desktop App.app'
    const rows = await ask('affected_versions_darwin_plain', 'darwin', {
      apps: [app('/Applications/3CX Desktop App.app', '18.12.425'), app(running, '18.11.1213')],
      processes: [{ pid: 9, path: `${running}/Contents/MacOS/3CX Desktop App` }],
    })
    expect(rows.map((row) => [row['state'], row['path'], row['pid']])).toEqual([['running', running, 9]])
  })

  it('find UpdateAgent with and without a shell, on disk and in recorded events', async () => {
    const started = [
      { pid: 1, path: agent, cmdline: 'UpdateAgent 3cx' },
      { pid: 2, path: '/bin/sh', cmdline: `sh -c "${agent}"` },
      { pid: 3, path: '/bin/ls', cmdline: 'ls /3CX Desktop App' },
    ]
    const now = await ask('update_agent_plain', 'darwin', { processes: started, file: [{ path: agent, uid: 501 }] })
    expect(now.map((row) => [row['trace'], row['pid']])).toEqual([
      ['process', 1],
      ['process', 2],
      ['file', null],
    ])
    const past = await ask('update_agent_events_plain', 'darwin', {
      es_process_events: started.map((row) => ({ ...row, event_type: 'exec', time: 5 })),
      process_events: started.map((row) => ({ ...row, time: 6 })),
    })
    expect(past.map((row) => [row['time'], row['pid']])).toEqual([
      [5, 1],
      [5, 2],
      [6, 1],
      [6, 2],
    ])
  })

  it.each(plain.flatMap((query) => query.platforms.map((platform) => [query.name, platform, query] as const)))(
    '%s finds nothing on an empty %s host',
    async (name, platform) => {
      expect(await ask(name, platform, {})).toEqual([])
    },
  )
})
