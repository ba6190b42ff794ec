/**
 * A log that is rotated while a hunt reads: between the walk and the opening, and in the middle. What was not read is told,
 * and the next search has it.
 */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ContactFinder } from '../../../extension/contacts/find-contacts.ts'
import { matcher } from '../../../extension/domain/match.ts'
import { loadBundledSets, loadSourcePlaces } from '../../../extension/indicators/index.ts'
import type { ScanEngine } from '../../../extension/native/engine.ts'
import { openEngine } from '../../../extension/native/index.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { sources } from '../../../extension/sources/index.ts'
import { defaultLimits } from '../../../extension/sweep/request.ts'
import { imageVolume } from '../../../extension/sweep/volume.ts'

const never = new AbortController().signal
const indicators = loadBundledSets().flatMap((set) => set.indicators)
const sourcePlaces = loadSourcePlaces()
const line = (name: string) => `Mar 29 14:00:00 dnsmasq[812]: query[A] ${name} from 192.168.1.10\n`

let root: string
const log = () => join(root, 'var/log/dnsmasq.log')
/** Called before the log is opened, and after each of its batches. */
let onRead: (batches: number) => void = () => {}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'threecx-rotated-'))
  mkdirSync(join(root, 'var/log'), { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true }))

async function finder(engine: ScanEngine): Promise<ContactFinder> {
  const watched = new Proxy(engine, {
    get: (target, name) => {
      const own = Reflect.get(target, name)
      if (name !== 'lines') return typeof own === 'function' ? own.bind(target) : own
      return async function* (...args: Parameters<ScanEngine['lines']>) {
        const isLog = args[1].path === 'var/log/dnsmasq.log'
        let batches = 0
        if (isLog) onRead(batches)
        for await (const batch of target.lines(...args)) {
          yield batch
          if (isLog) onRead(++batches)
        }
      }
    },
  })
  return new ContactFinder({
    engine: watched,
    limits: defaultLimits,
    mounts: 'same',
    volumes: [await imageVolume(root, 'linux')],
    sourcePlaces,
    sources,
    indicators,
    matcher: matcher(indicators),
    indicatorsVersion: 'v',
    clock: { nowMs: () => Date.UTC(2023, 3, 1) },
  })
}

async function said(search: ContactFinder) {
  const { contacts, scans } = await search.find(never)
  const errors = scans.flatMap((scan) => scan.errors.map(({ path, code }) => `${path.slice(root.length + 1)} ${code}`))
  const found = contacts.map(({ sourcePath, indicator, count }) => [
    sourcePath.slice(root.length + 1),
    indicator,
    count,
  ])
  return { found, errors }
}

const engines: readonly (readonly [string, ScanEngine])[] = [
  ['native', (await openEngine()).engine],
  ['portable', portableEngine()],
]

describe.each(engines)('%s: a log', (_, engine) => {
  it('that was moved away before it is opened is told, and the next search reads both', async () => {
    writeFileSync(log(), line('pbxsources.com'))
    const search = await finder(engine)
    onRead = () => {
      onRead = () => {}
      renameSync(log(), `${log()}.1`)
      writeFileSync(log(), line('officeaddons.com'))
    }
    expect(await said(search)).toEqual({ found: [], errors: ['var/log/dnsmasq.log changed'] })
    expect(await said(search)).toEqual({
      found: [
        ['var/log/dnsmasq.log', 'officeaddons.com', 1],
        ['var/log/dnsmasq.log.1', 'pbxsources.com', 1],
      ],
      errors: [],
    })
  })

  it('that was removed before it is opened is told', async () => {
    writeFileSync(log(), line('pbxsources.com'))
    onRead = () => rmSync(log(), { force: true })
    expect(await said(await finder(engine))).toEqual({ found: [], errors: ['var/log/dnsmasq.log vanished'] })
  })

  it('that is moved away in the middle is read to its end', async () => {
    writeFileSync(log(), `${line('pbxsources.com')}${line('www.example.com').repeat(50_000)}`)
    appendFileSync(log(), line('officeaddons.com'))
    onRead = (batches) => {
      if (batches === 1) renameSync(log(), `${log()}.1`)
    }
    expect(await said(await finder(engine))).toEqual({
      found: [
        ['var/log/dnsmasq.log', 'officeaddons.com', 1],
        ['var/log/dnsmasq.log', 'pbxsources.com', 1],
      ],
      errors: [],
    })
  })

  it('that is emptied in the middle keeps what came before, and is told', async () => {
    writeFileSync(log(), `${line('pbxsources.com')}${line('www.example.com').repeat(200_000)}`)
    appendFileSync(log(), line('officeaddons.com'))
    onRead = (batches) => {
      if (batches === 1) truncateSync(log(), 0)
    }
    const { found, errors } = await said(await finder(engine))
    expect(found).toContainEqual(['var/log/dnsmasq.log', 'pbxsources.com', 1])
    // an engine that reads ahead may have been at the end before
    expect(errors.length === 1 || found.length === 2).toBe(true)
    expect(errors.filter((one) => one !== 'var/log/dnsmasq.log changed')).toEqual([])
  })
})
