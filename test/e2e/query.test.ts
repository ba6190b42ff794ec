/** SQL from the command line: OR, LIKE, IN, single files, names that are no UTF-8, and every example of every table. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openCatalogue } from '../../extension/catalogue.ts'
import { openLog } from '../../extension/runtime/log.ts'
import { openSql } from '../../extension/sdk/sql/index.ts'
import { tables } from '../../extension/tables/index.ts'
import { threecx } from '../support/command.ts'
import { type PlantedFile, plantImage } from '../support/sample-image.ts'

let directory: string
let root: string
let planted: PlantedFile[]
const state = () => join(directory, 'state')

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-query-'))
  root = join(directory, 'image')
  planted = plantImage('windows', root, { clean: false }).filter((file) => file.verdict !== undefined)
})

afterAll(() => rmSync(directory, { recursive: true }))

async function rows(sql: string, ...flags: string[]): Promise<Record<string, unknown>[]> {
  const ended = await threecx(state(), ['query', sql, '--format', 'json', ...flags])
  if (ended.exit !== 0) throw new Error(ended.stderr)
  return JSON.parse(ended.stdout)
}

const paths = async (where: string, ...flags: string[]) =>
  (await rows(`SELECT path FROM threecx_artifacts WHERE ${where} ORDER BY path`, ...flags)).map((row) => row['path'])

/** Files given away by their content or name: what a live hunt finds in a directory that is not a root. */
const anywhere = () =>
  planted
    .filter((file) => file.matchedBy.some((reason) => reason !== 'path'))
    .map((file) => join(root, file.path))
    .sort()

describe('threecx_artifacts', () => {
  it('gives all rows of an OR between a path pattern and a digest', async () => {
    const [one] = planted.filter((file) => file.matchedBy[0] === 'sha256' && file.path.startsWith('Windows/'))
    const where = `path LIKE '${root}/Users/%' OR sha256 = '${one?.sha256}'`
    const found = await paths(where, '--root', root)
    const expected = planted.filter((file) => file.path.startsWith('Users/')).map((file) => join(root, file.path))
    expect(found).toEqual([...expected, join(root, one?.path ?? '')].sort())
  })

  it('answers for exactly the files a pattern names, on a live host', async () => {
    expect(await paths(`path LIKE '${root}/%'`)).toEqual(anywhere())
    expect(await paths(`path LIKE '${root.toUpperCase()}/%FFMPEG.DLL'`)).toEqual(
      anywhere().filter((path) => path.endsWith('ffmpeg.dll')),
    )
    expect(await paths(`path GLOB '${root}/*ffmpeg.dll'`)).toEqual(
      anywhere().filter((path) => path.endsWith('ffmpeg.dll')),
    )
  })

  it('answers for single files, lists of them, and directories', async () => {
    const dlls = anywhere().filter((path) => path.endsWith('ffmpeg.dll'))
    const [first = '', second = ''] = dlls
    expect(await paths(`path = '${first}'`)).toEqual([first])
    expect(await paths(`path IN ('${first}', '${second}', '${root}/nothing', '${root}')`)).toEqual(
      [first, second].sort(),
    )
    expect(await paths(`directory = '${first.slice(0, first.lastIndexOf('/'))}'`)).toEqual(
      anywhere().filter((path) => path.startsWith(first.slice(0, first.lastIndexOf('/') + 1))),
    )
    expect(await paths(`path = '${root}/missing.dll' OR path = '${first}'`)).toEqual([first])
  })

  it('resolves a directory that is a link, under the name that was used', async () => {
    const link = join(directory, 'link')
    symlinkSync(root, link)
    const found = await paths(`path LIKE '${link}/%ffmpeg.dll'`)
    expect(found).toEqual(
      anywhere()
        .filter((path) => path.endsWith('ffmpeg.dll'))
        .map((path) => path.replace(root, link)),
    )
  })

  it('does not leave the root of an image, not even by a link', async () => {
    const image = join(directory, 'bounded')
    mkdirSync(join(image, 'Windows'), { recursive: true })
    symlinkSync(join(root, 'Users'), join(image, 'Users'))
    expect(await paths(`path LIKE '${image}/%'`, '--root', image)).toEqual([])
    expect(await paths(`path = '${image}/Users/alice/Downloads/3CXDesktopApp-18.12.416.msi'`, '--root', image)).toEqual(
      [],
    )
    expect(await paths(`path LIKE '${root}/%'`, '--root', image)).toEqual([])
  })

  it('shows names that are no UTF-8 and takes them back', async () => {
    const folder = join(directory, 'names')
    mkdirSync(folder)
    const name = Buffer.concat([Buffer.from(`${folder}/3CXDesktopApp-18.12.416.msi`)])
    writeFileSync(name, 'x')
    const odd = Buffer.concat([Buffer.from(`${folder}/odd`), Buffer.from([0xff, 0xfe])])
    mkdirSync(odd)
    writeFileSync(Buffer.concat([odd, Buffer.from('/3CXDesktopApp-18.12.407.msi')]), 'x')
    const shown = `${folder}/odd\\xff\\xfe/3CXDesktopApp-18.12.407.msi`
    expect(await paths(`path LIKE '${folder}/%'`)).toEqual([`${folder}/3CXDesktopApp-18.12.416.msi`, shown])
    expect(await paths(`path = '${shown}'`)).toEqual([shown])
    expect(await paths(`path LIKE '${folder}/odd\\xff%'`)).toEqual([shown])
  })

  it('computes digests that were not needed for the finding, when they are asked for', async () => {
    const [row] = await rows(
      `SELECT sha256, sha1, md5 FROM threecx_artifacts WHERE filename = 'krwve.jat'`,
      '--root',
      root,
    )
    expect(row).toEqual({
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      sha1: expect.stringMatching(/^[0-9a-f]{40}$/),
      md5: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
  })

  it('shows clean neighbours only to a query that asks for them', async () => {
    const clean = join(directory, 'clean')
    plantImage('windows', clean, { clean: true })
    expect(await paths('1 = 1', '--root', clean)).toEqual([])
    expect((await paths("verdict = 'benign'", '--root', clean)).length).toBeGreaterThan(0)
  })
})

describe('threecx_installs', () => {
  it('tells whom the app is installed for, in which version, and whether that one is compromised', async () => {
    const columns = 'platform, version, affected, state, [user], scope, source, fixed_version'
    const sql = `SELECT ${columns} FROM threecx_installs WHERE affected = 1 AND state = 'present' ORDER BY [user]`
    const common = { platform: 'windows', affected: 1, state: 'present', source: 'program', fixed_version: '18.12.425' }
    expect(await rows(sql, '--root', root)).toEqual([
      { ...common, version: '18.12.407', user: '', scope: 'machine' },
      { ...common, version: '18.12.416', user: 'alice', scope: 'user' },
      { ...common, version: '18.12.416', user: 'bob', scope: 'user' },
    ])
    const other = "SELECT count(*) AS n FROM threecx_installs WHERE state = 'removed' OR platform = 'darwin'"
    expect(await rows(other, '--root', root)).toEqual([{ n: 0 }])
  })

  it('names no clean release affected, and knows what a server hands out', async () => {
    const [clean, server] = [join(directory, 'clean-installs'), join(directory, 'server')]
    plantImage('windows', clean, { clean: true })
    const judged = await rows('SELECT DISTINCT version, affected FROM threecx_installs ORDER BY 1', '--root', clean)
    expect(judged).toEqual([
      { version: '18.11.1213', affected: 0 },
      { version: '18.12.425', affected: 0 },
    ])
    plantImage('linux', server, { clean: false })
    const sql =
      "SELECT platform, count(*) AS n FROM threecx_installs WHERE state = 'served' AND affected = 1 GROUP BY 1"
    expect(await rows(sql, '--root', server)).toEqual([
      { platform: 'darwin', n: 3 },
      { platform: 'windows', n: 3 },
    ])
  })
})

describe('the tables', () => {
  it('run every example of theirs over an image', async () => {
    const catalogue = await openCatalogue({ root, scope: 'places' }, openLog('silent'))
    onTestFinished(() => catalogue.close())
    const database = await openSql(catalogue.tables)
    onTestFinished(() => database.close())
    for (const sql of tables.flatMap((table) => table.examples)) {
      const asked = database.query(sql).then(({ columns }) => columns.length)
      await expect(asked, sql).resolves.toBeGreaterThan(0)
    }
  }, 120_000)

  it('give exactly one verdict, always', async () => {
    expect(await rows('SELECT verdict, scan_complete FROM threecx_verdict', '--root', root)).toEqual([
      { verdict: 'compromised', scan_complete: 1 },
    ])
    const empty = join(directory, 'empty')
    mkdirSync(empty)
    expect(await rows('SELECT verdict, artifacts FROM threecx_verdict', '--root', empty)).toEqual([
      { verdict: 'clean', artifacts: 0 },
    ])
  })

  it('show what is hidden, and where the app is', async () => {
    const payloads = await rows('SELECT kind, urls, authenticated FROM threecx_payloads', '--root', root)
    expect(payloads).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'carrier_payload' }),
        { kind: 'icon_trailer', urls: '["https://msstorageazure.com/window"]', authenticated: 1 },
      ]),
    )
    const installs = await rows(
      'SELECT user, version, affected FROM threecx_installs ORDER BY user, version',
      '--root',
      root,
    )
    expect(installs).toEqual([
      { user: '', version: '18.12.407', affected: 1 },
      { user: 'alice', version: '18.12.416', affected: 1 },
      { user: 'bob', version: '18.12.416', affected: 1 },
    ])
    expect(await rows('SELECT * FROM threecx_processes', '--root', root), 'nothing runs in an image').toEqual([])
  })

  it('carry every indicator with its origin', async () => {
    const [row] = await rows(
      "SELECT component, source, status FROM threecx_indicators WHERE value = 'sbmsa.wiki' AND [set] = '3cx/sophos-2023-03'",
    )
    expect(row).toMatchObject({ source: expect.stringContaining('Sophos'), status: 'malicious' })
  })
})
