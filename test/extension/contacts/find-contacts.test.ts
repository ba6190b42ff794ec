/** A search for contacts over a tree: what is read, what is remembered, and what a bad file costs. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ContactFinder, type ContactParts } from '../../../extension/contacts/find-contacts.ts'
import { matcher } from '../../../extension/domain/match.ts'
import type { SourcePlace } from '../../../extension/domain/source-place.ts'
import { loadBundledSets } from '../../../extension/indicators/index.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import type { Source } from '../../../extension/sources/source.ts'
import { defaultLimits } from '../../../extension/sweep/request.ts'
import { imageVolume } from '../../../extension/sweep/volume.ts'

const indicators = loadBundledSets().flatMap((set) => set.indicators)
const never = new AbortController().signal
const about = { reads: 'tests', blind: 'all else', platforms: ['linux'] } as const

let root: string
let read: string[]
let onRead: (name: string) => void

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'threecx-find-contacts-'))
  read = []
  onRead = () => {}
  for (const name of ['a', 'b', 'c']) plant(`var/log/${name}.log`, 'sbmsa.wiki\nother.example\n')
})
afterEach(() => rmSync(root, { recursive: true }))

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** A line is a name; a file called `broken` cannot be read. */
const names: Source = {
  name: 'names',
  about,
  recognises: (_, head) => Buffer.from(head).includes('sbmsa'),
  async *read(file, reader) {
    read.push(file.name)
    onRead(file.name)
    if (file.name === 'broken.log') throw new Error('it is broken')
    if (file.name === 'damaged.log') yield { problem: { code: 'damaged', message: 'half of it' } }
    const text = Buffer.from(await reader.read(0, 1000)).toString()
    for (const line of text.split('\n').filter(Boolean)) {
      yield { source: 'names', path: file.path, user: file.user, observables: [{ type: 'domain', value: line }] }
    }
  },
}

async function finder(places: readonly Partial<SourcePlace>[] = [{}], source = names): Promise<ContactFinder> {
  const place = { id: 'logs', platform: 'linux', pattern: 'var/log/*.log', what: 'logs', source: 'names' } as const
  const parts: ContactParts = {
    engine: portableEngine(),
    limits: defaultLimits,
    mounts: 'same',
    volumes: [await imageVolume(root, 'linux')],
    sourcePlaces: places.map((one) => ({ ...place, ...one })),
    sources: [source],
    indicators,
    matcher: matcher(indicators),
    indicatorsVersion: 'v',
    clock: { nowMs: () => 1_680_000_000_000 },
  }
  return new ContactFinder(parts)
}

describe('a search', () => {
  it('reads each file of a place once, and a file that has not changed not again', async () => {
    const search = await finder()
    const first = await search.find(never)
    expect(first.contacts.map(({ indicator, count }) => ({ indicator, count }))).toEqual(
      ['a', 'b', 'c'].map(() => ({ indicator: 'sbmsa.wiki', count: 1 })),
    )
    expect(read.sort()).toEqual(['a.log', 'b.log', 'c.log'])
    appendFileSync(join(root, 'var/log/b.log'), 'sbmsa.wiki\n')
    rmSync(join(root, 'var/log/c.log'))
    const second = await search.find(never)
    expect(read.slice(3)).toEqual(['b.log'])
    expect(second.contacts.map(({ count }) => count).sort()).toEqual([1, 2])
  })

  it('reads a file again when one beside it that belongs to it has changed', async () => {
    const search = await finder([{}], { ...names, besides: ['-wal'] })
    await search.find(never)
    read = []
    plant('var/log/a.log-wal', 'x')
    await search.find(never)
    appendFileSync(join(root, 'var/log/a.log-wal'), 'y')
    await search.find(never)
    await search.find(never)
    rmSync(join(root, 'var/log/a.log-wal'))
    await search.find(never)
    expect(read).toEqual(['a.log', 'a.log', 'a.log'])
  })

  it('that was given up leaves what it had read to the next one', async () => {
    const many = 40
    for (let at = 0; at < many; at++) plant(`var/log/n${String(at).padStart(2, '0')}.log`, 'sbmsa.wiki\n')
    const search = await finder()
    const enough = new AbortController()
    onRead = (name) => {
      if (name === 'n20.log') enough.abort(new Error('enough'))
    }
    await expect(search.find(enough.signal)).rejects.toThrow('enough')
    const before = new Set(read)
    read = []
    expect((await search.find(never)).contacts).toHaveLength(many + 3)
    expect(read.length).toBeLessThan(many + 3 - 10)
    expect(before.size).toBeLessThan(many + 3)
  })

  it('says what it could not read, and reads the rest', async () => {
    plant('var/log/broken.log', 'sbmsa.wiki\n')
    plant('var/log/damaged.log', 'sbmsa.wiki\n')
    const { contacts, scans } = await (await finder()).find(never)
    expect(contacts).toHaveLength(4)
    const scan = scans.find(({ source }) => source === 'names')
    expect(scan).toMatchObject({ files: 5, skipped: 2, unexamined: 1, state: 'finished' })
    expect(scan?.errors.map(({ path, code, message }) => [path.slice(root.length), code, message])).toEqual([
      ['/var/log/broken.log', 'io', 'it is broken'],
      ['/var/log/damaged.log', 'damaged', 'half of it'],
    ])
  })

  it('tells whose home a file lies in, and leaves out places of sources that are not there', async () => {
    plant('home/alice/app.log', 'sbmsa.wiki\n')
    const places = [{ pattern: 'home/<user>/*.log' }, { source: 'none' }]
    const { contacts } = await (await finder(places)).find(never)
    expect(contacts.map(({ user, sourcePath }) => [user, sourcePath.slice(root.length)])).toEqual([
      ['alice', '/home/alice/app.log'],
    ])
  })
})
