/** The four hunts of the article on osquery's tables alone: indicators as published, planted rows found, clean ones not. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Platform } from '../../../extension/domain/platform.ts'
import { loadBundledSets } from '../../../extension/indicators/index.ts'
import { shippedPacks } from '../../../extension/packs/load-packs.ts'
import { type OsqueryRows, osqueryTables } from '../../../extension/packs/osquery-schema.ts'
import { openSql } from '../../../extension/sdk/sql/index.ts'

const { packs } = shippedPacks()
const plain = packs.find(({ name }) => name === 'sophos-2023-03-plain')?.queries ?? []
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
  const sql = await openSql(osqueryTables(platform, rows, [queryOf(name)]))
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
  it('name the domains of the published set, each once and no other', () => {
    expect(literals('c2_contact_plain', /^ {2}\('([^']+)'\)/gm).sort()).toEqual(valuesOf('domain'))
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
    const pack = packs.find(({ name }) => name === 'sophos-2023-03-plain')
    expect(pack?.isDefault).toBe(false)
    expect(JSON.stringify(pack)).not.toContain('threecx_')
  })

  it('say in a comment what was wrong with the printed query, in both forms', () => {
    for (const pack of ['sophos-2023-03', 'sophos-2023-03-plain']) {
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
