/** osquery's tables over the sample images: what each row says, and what an image cannot tell. */
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCatalogue } from '../../../extension/catalogue.ts'
import type { Platform } from '../../../extension/domain/platform.ts'
import {
  bindOsqueryTables,
  InlineRules,
  osqueryTables,
  TableProblems,
} from '../../../extension/osquery-tables/index.ts'
import { osqueryTable } from '../../../extension/packs/osquery-schema.ts'
import { openLog } from '../../../extension/runtime/log.ts'
import { openSql } from '../../../extension/sdk/sql/index.ts'
import { liveVolumes } from '../../../extension/sweep/volume.ts'
import { type PlantedFile, plantImage } from '../../support/sample-image.ts'
import { AskedImages } from './asked-images.ts'

let directory: string
const files = new Map<Platform, readonly PlantedFile[]>()
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-osquery-tables-'))
  for (const platform of ['windows', 'darwin', 'linux'] as const) {
    files.set(platform, plantImage(platform, join(directory, platform), { clean: false }))
  }
})
afterAll(async () => {
  await images.close()
  rmSync(directory, { recursive: true })
})

const images = new AskedImages((platform) => join(directory, platform))
const ask = (platform: Platform, sql: string) => images.ask(platform, sql)

const windowsApp = 'C:\\Users\\alice\\AppData\\Local\\Programs\\3CXDesktopApp'

describe('tables of osquery over an image', () => {
  it('have the columns of the specification on each platform, and all of them where the system is not known', () => {
    const services = { rules: new InlineRules(), problems: new TableProblems() }
    for (const platform of ['windows', 'darwin', 'linux', undefined] as const) {
      const bound = bindOsqueryTables(services as never, platform, []) // nothing is asked of it
      for (const { name, columns } of bound) {
        const specified = osqueryTable(name)?.columns.filter(
          (one) => platform === undefined || one.platforms.includes(platform),
        )
        expect(columns.map((column) => [column.name, column.type])).toEqual(
          specified?.map((one) => [one.name, one.type]),
        )
      }
      const missing = osqueryTables.filter(({ name }) => !bound.some((table) => table.name === name))
      for (const { name } of missing) expect(osqueryTable(name)?.platforms).not.toContain(platform)
    }
  })

  it('file and hash tell size, times, release and digests; a file of Windows has no owner', async () => {
    const sql = `SELECT f.*, h.sha256, h.md5, h.sha1 FROM file AS f JOIN hash AS h ON h.path = f.path WHERE f.path = `
    const { rows, problems } = await ask('windows', `${sql}'${windowsApp}\\3CXDesktopApp.exe'`)
    const planted = files
      .get('windows')
      ?.find(({ path }) => path.endsWith('alice/AppData/Local/Programs/3CXDesktopApp/3CXDesktopApp.exe'))
    expect(rows).toMatchObject([
      {
        filename: '3CXDesktopApp.exe',
        directory: windowsApp,
        size: planted?.size,
        mtime: planted?.mtime,
        btime: 0,
        uid: null,
        type: 'regular',
        mode: '0644',
        file_version: '18.12.416.0',
        product_version: '18.12.416.0',
        original_filename: '3CXDesktopApp.exe',
        sha256: planted?.sha256,
        md5: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    ])
    expect(problems).toEqual([])
  })

  it('users are accounts of the system: hives, records of the directory, passwd', async () => {
    const sql = 'SELECT * FROM users ORDER BY uid'
    expect((await ask('windows', sql)).rows).toMatchObject([
      { uid: 18, username: 'SYSTEM', type: 'special', uuid: 'S-1-5-18' },
      { uid: 1001, username: 'alice', type: 'local', directory: 'C:\\Users\\alice', uuid: 'S-1-5-21-1-2-3-1001' },
      { uid: 1002, username: 'bob', type: 'local' },
      { uid: 2001, username: 'erin.CORP', type: 'roaming' },
    ])
    expect((await ask('darwin', sql)).rows).toMatchObject([
      { uid: 248, username: '_mbsetupuser', is_hidden: 1 },
      { uid: 501, username: 'carol', gid: 20, description: 'Carol', directory: '/Users/carol', shell: '/bin/zsh' },
      { uid: 502, username: 'dave', is_hidden: 0 },
    ])
    const passwd =
      'root:x:0:0:root:/root:/bin/bash\n# remark\nbroken\nann:x:1000:1000:Ann,,,:/home/ann:/bin/sh\n:x:1:1:::\n'
    writeFileSync(join(directory, 'linux/etc/passwd'), passwd)
    expect((await ask('linux', sql)).rows).toMatchObject([
      { uid: 0, username: 'root', directory: '/root' },
      { uid: 1000, gid: 1000, username: 'ann', description: 'Ann,,,', shell: '/bin/sh' },
    ])
  })

  it('programs are those of the machine and of every user', async () => {
    const { rows } = await ask('windows', 'SELECT name, version, install_location, publisher FROM programs')
    expect(rows.map((row) => [row['version'], row['install_location']]).sort()).toEqual([
      ['18.12.407', 'C:\\Program Files\\3CXDesktopApp'],
      ['18.12.416', windowsApp],
      ['18.12.416', windowsApp.replace('alice', 'bob')],
    ])
  })

  it('apps are bundles in either encoding, and a path leads to one of them', async () => {
    const sql = 'SELECT path, bundle_identifier, bundle_short_version FROM apps'
    const { rows } = await ask('darwin', sql)
    expect(rows.map((row) => Object.values(row)).sort()).toEqual([
      ['/Applications/3CX Desktop App.app', 'com.electron.3cx-desktop-app', '18.12.416'],
      ['/Applications/Other Softphone.app', 'com.example.softphone', '18.12.416'],
      ['/Users/dave/Applications/3CX Desktop App.app', 'com.electron.3cx-desktop-app', '18.11.1213'],
    ])
    expect((await ask('darwin', `${sql} WHERE path = '/Applications/Other Softphone.app'`)).rows).toHaveLength(1)
    expect((await ask('darwin', `${sql} WHERE path LIKE '/Users/%'`)).rows).toHaveLength(1)
  })

  it('yara_file tells how many rules match each file, and what is wrong with rules', async () => {
    const from = `SELECT matches, count FROM yara_file WHERE path LIKE '${windowsApp}\\app\\ffmpeg.dll' AND `
    const rules = 'rule a { condition: uint16(0) == 0x5a4d } rule b { condition: false }'
    expect((await ask('windows', `${from} sigrule = '${rules}'`)).rows).toEqual([{ matches: 'a', count: 1 }])
    expect((await ask('windows', `${from} sigrule = 'rule b { condition: false }'`)).rows).toEqual([
      { matches: '', count: 0 },
    ])
    await expect(ask('windows', `${from} sigrule = 'rule a { what }'`)).rejects.toThrow(/cannot use sigrule: line 1/)
    await expect(ask('windows', `${from} sigrule = 'nothing'`)).rejects.toThrow(/cannot use sigrule/)
    await expect(ask('windows', `${from} sigfile = '/etc/rules.yar'`)).rejects.toThrow(/give their text as sigrule/)
    await expect(ask('windows', `${from} count > 0`)).rejects.toThrow(/has no sigrule/)
  })

  it('what only a running system has is empty', async () => {
    for (const [platform, table] of [
      ['windows', 'dns_cache'],
      ['windows', 'processes'],
      ['darwin', 'es_process_events'],
      ['linux', 'process_events'],
    ] as const) {
      expect((await ask(platform, `SELECT * FROM ${table}`)).rows).toEqual([])
    }
  })

  it('what cannot be read is a problem beside the rows, and not an empty answer', async () => {
    const damaged = {
      'windows/Windows/System32/config/SAM': 600,
      'darwin/Applications/Other Softphone.app/Contents/Info.plist': 60,
    }
    for (const [path, size] of Object.entries(damaged)) truncateSync(join(directory, path), size)
    const users = await ask('windows', 'SELECT username FROM users WHERE uid = 1001')
    expect(users.rows).toEqual([{ username: 'alice' }]) // by its profile
    expect(users.problems).toMatchObject([
      { table: 'users', code: 'damaged', path: 'C:\\Windows\\System32\\config\\SAM' },
    ])
    const apps = await ask('darwin', 'SELECT path FROM apps')
    expect([apps.rows.length, apps.problems.map(({ code }) => code)]).toEqual([2, ['damaged']])
    const big = join(directory, 'linux/big.bin')
    writeFileSync(big, '')
    truncateSync(big, (64 << 20) + 1)
    const yara = await ask(
      'linux',
      "SELECT * FROM yara_file WHERE path = '/big.bin' AND sigrule = 'rule a { condition: true }'",
    )
    expect([yara.rows, yara.problems.map(({ code }) => code)]).toEqual([[], ['too_big']])
    if (process.getuid?.() === 0) return // root may read everything
    chmodSync(big, 0)
    const hash = await ask('linux', "SELECT sha256 FROM hash WHERE path = '/big.bin'")
    expect([hash.rows, hash.problems.at(-1)?.code]).toEqual([[{ sha256: '' }], 'denied'])
  })
})

describe('tables of osquery on this machine', () => {
  it.skipIf(process.platform !== 'linux')('processes are those of /proc, and events are refused', async () => {
    const catalogue = await openCatalogue({ scope: 'places' }, openLog('silent'))
    const database = await openSql(catalogue.osqueryTables([]).tables)
    try {
      const { rows } = await database.query(`SELECT * FROM processes WHERE pid = ${process.pid}`)
      expect(rows).toMatchObject([{ pid: process.pid, parent: process.ppid, path: process.execPath, on_disk: 1 }])
      await expect(database.query('SELECT * FROM process_events')).rejects.toThrow(/by a running osquery only/)
    } finally {
      await database.close()
      catalogue.close()
    }
  })

  it.each([
    ['windows', 'SELECT * FROM programs'],
    ['windows', 'SELECT * FROM dns_cache'],
    ['windows', 'SELECT * FROM processes'],
    ['darwin', 'SELECT * FROM processes'],
    ['darwin', 'SELECT * FROM es_process_events'],
  ] as const)('on %s is refused what would be a guess: %s', async (platform, sql) => {
    const volumes = liveVolumes().map((volume) => ({ ...volume, platform }))
    const services = { volumes, rules: new InlineRules(), problems: new TableProblems() }
    const database = await openSql(bindOsqueryTables(services as never, platform, [])) // an engine is not reached
    try {
      await expect(database.query(sql)).rejects.toThrow(/ask it with --socket/)
    } finally {
      await database.close()
    }
  })
})
