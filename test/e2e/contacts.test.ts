/** Contacts, from the command line: exactly the planted ones, on both engines, and none of the look-alikes. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Platform, platforms } from '../../extension/domain/platform.ts'
import { sources } from '../../extension/sources/index.ts'
import { threecx } from '../support/command.ts'
import { contactFiles } from '../support/image/contact-files.ts'
import type { PlannedContact } from '../support/image/planned-contact.ts'
import { plantImage } from '../support/sample-image.ts'

let directory: string
const image = (platform: Platform) => join(directory, platform)
const twin = (platform: Platform) => join(directory, `${platform}-clean`)

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-contacts-'))
  for (const platform of platforms) {
    plantImage(platform, image(platform), { clean: false })
    plantImage(platform, twin(platform), { clean: true })
  }
})

afterAll(() => rmSync(directory, { recursive: true }))

async function rows(sql: string, root: string, engine = 'native'): Promise<Record<string, unknown>[]> {
  const args = ['query', sql, '--root', root, '--format', 'json']
  const ended = await threecx(join(directory, 'state'), args, { THREECX_ENGINE: engine })
  if (ended.exit !== 0) throw new Error(ended.stderr)
  return JSON.parse(ended.stdout)
}

const columns = 'source, source_path, indicator, user, count, first_seen, last_seen'
const order = 'ORDER BY source_path, indicator, user'
const cases = platforms.flatMap((platform) => ['native', 'portable'].map((engine) => ({ platform, engine })))

describe.each(cases)('contacts of a $platform image, $engine engine', ({ platform, engine }) => {
  it('are exactly the planted ones', async () => {
    // no event log is read without the native engine
    const isRead = ({ source }: PlannedContact) => engine === 'native' || source !== 'windows_event_log'
    const contacts = contactFiles(platform, 'compromised').contacts.filter(isRead)
    const expected = contacts.map(({ source, path, indicator, user, count, firstSeen, lastSeen }) => ({
      source,
      source_path: join(image(platform), path),
      indicator,
      user,
      count,
      first_seen: firstSeen,
      last_seen: lastSeen,
    }))
    const key = (one: Record<string, unknown>) => JSON.stringify([one['source_path'], one['indicator'], one['user']])
    const found = await rows(`SELECT ${columns} FROM threecx_c2_hits ${order}`, image(platform), engine)
    expect(found.sort((a, b) => (key(a) < key(b) ? -1 : 1))).toEqual(
      expected.sort((a, b) => (key(a) < key(b) ? -1 : 1)),
    )
  })

  it('are none in its clean twin', async () => {
    expect(await rows('SELECT * FROM threecx_c2_hits', twin(platform), engine)).toEqual([])
  })
})

describe('the images', () => {
  it('carry a contact of every source', () => {
    const planted = platforms.flatMap((platform) => contactFiles(platform, 'compromised').contacts)
    const carried = new Set(planted.map(({ source }) => source))
    expect(sources.map(({ name }) => name).filter((name) => name !== 'auto' && !carried.has(name))).toEqual([])
  })
})

describe('a file that somebody names', () => {
  it('is read alone, wherever it lies, and however it is called', async () => {
    const root = join(directory, 'elsewhere')
    mkdirSync(join(root, 'srv'), { recursive: true })
    const path = join(root, 'srv', 'export.bin')
    copyFileSync(join(image('linux'), 'var/log/squid/access.log.2.gz'), path)
    const named = await rows(`SELECT source, indicator FROM threecx_c2_hits WHERE source_path = '${path}'`, root)
    expect(named.map((row) => row['source'])).toEqual(['squid', 'squid'])
    expect(await rows('SELECT * FROM threecx_c2_hits', root), 'it lies in no place').toEqual([])
  })

  it('is read in the format that the query says', async () => {
    const root = join(directory, 'plain')
    mkdirSync(root)
    const path = join(root, 'one.txt')
    writeFileSync(path, 'Mar 29 14:02:11 dnsmasq[812]: query[A] pbxsources.com from 192.168.1.10\n')
    const sql = `SELECT indicator, client, [offset] FROM threecx_c2_hits WHERE source_path = '${path}' AND format = 'dnsmasq'`
    expect(await rows(sql, root)).toEqual([{ indicator: 'pbxsources.com', client: '192.168.1.10', offset: 0 }])
  })
})

describe('a configuration', () => {
  it('adds paths, formats and tables with columns of any name', async () => {
    const root = join(directory, 'configured')
    for (const folder of ['srv/dns', 'srv/exports', 'etc']) mkdirSync(join(root, folder), { recursive: true })
    const query = 'dnsmasq[812]: query[A] pbxsources.com from 192.168.1.10'
    writeFileSync(join(root, 'srv/dns/one.log'), `Mar 29 14:02:11 ${query}\n`)
    writeFileSync(join(root, 'srv/exports/b.csv'), 'Wann;Ziel;Wer\n2023-03-29 14:00:00;officeaddons.com;jdoe\n')
    const config = join(directory, 'config.yaml')
    writeFileSync(
      config,
      `sources:
  - path: /srv/dns/*.log
  - path: /srv/exports/*.csv
    name: branch_proxy
    delimiter: ';'
    columns: { time: wann, host: ziel, user: Wer }
`,
    )
    const sql = 'SELECT source, indicator, user, first_seen FROM threecx_c2_hits ORDER BY source'
    const args = ['query', sql, '--root', root, '--platform', 'linux', '--format', 'json', '--config', config]
    const ended = await threecx(join(directory, 'state'), args)
    expect(JSON.parse(ended.stdout)).toMatchObject([
      { source: 'branch_proxy', indicator: 'officeaddons.com', user: 'jdoe', first_seen: 1_680_098_400 },
      { source: 'dnsmasq', indicator: 'pbxsources.com' },
    ])
  })

  it('that is wrong ends the command with every problem', async () => {
    const config = join(directory, 'wrong.yaml')
    writeFileSync(config, 'sources:\n  - path: here\n  - path: /a\n    format: 7\n')
    const ended = await threecx(join(directory, 'state'), ['hunt', '--config', config])
    expect(ended.exit).toBe(12)
    expect(ended.stderr).toMatch(/line 2: sources\.0\.path: expected an absolute path; line 4: sources\.1\.format/)
  })
})

describe('a hunt', () => {
  it('tells of contacts, and calls a host that has nothing else contacted', async () => {
    const root = join(directory, 'contacted')
    mkdirSync(join(root, 'var/log/squid'), { recursive: true })
    mkdirSync(join(root, 'etc'))
    copyFileSync(join(image('linux'), 'var/log/squid/access.log'), join(root, 'var/log/squid/access.log'))
    const ended = await threecx(join(directory, 'state'), ['hunt', '--root', root, '--platform', 'linux'])
    expect(ended.exit).toBe(1)
    expect(ended.stdout).toMatch(/verdict: contacted/)
    expect(ended.stdout).toMatch(
      /contacted: pbxsources\.com, 2 times, 2023-03-29T14:00:05Z to 2023-03-29T14:00:09Z \(squid/,
    )
    expect(ended.stdout).toMatch(
      /timeline, .*\n {2}2023-03-29T14:00:00Z {2}c2 {2}contacted: akamaicontainer\.com, once/,
    )
    const [verdict] = await rows('SELECT verdict, stage, c2_hits FROM threecx_verdict', root)
    expect(verdict).toEqual({ verdict: 'contacted', stage: 'c2', c2_hits: 2 })
    const events = await rows("SELECT event, summary FROM threecx_timeline WHERE event = 'contacted'", root)
    expect(events).toHaveLength(2)
  })
})
