/**
 * Lower bounds of times reach the sources: the answer is the one that SQLite makes of everything, and files that cannot hold
 * a record so late are not read.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ContactFinder } from '../../../extension/contacts/find-contacts.ts'
import { matcher } from '../../../extension/domain/match.ts'
import { ExecutionFinder } from '../../../extension/executions/find-executions.ts'
import { executionReaders } from '../../../extension/executions/index.ts'
import { loadBundledSets, loadSourcePlaces } from '../../../extension/indicators/index.ts'
import type { FileIdentity, ScanEngine } from '../../../extension/native/engine.ts'
import { openEngine } from '../../../extension/native/index.ts'
import { bind } from '../../../extension/sdk/index.ts'
import { openSql, type SqlDatabase } from '../../../extension/sdk/sql/index.ts'
import { sources } from '../../../extension/sources/index.ts'
import { defaultLimits } from '../../../extension/sweep/request.ts'
import type { Volume } from '../../../extension/sweep/volume.ts'
import type { HuntServices } from '../../../extension/tables/services.ts'
import { threecxC2Hits } from '../../../extension/tables/threecx-c2-hits.ts'
import { threecxExecutions } from '../../../extension/tables/threecx-executions.ts'
import { threecxTimeline } from '../../../extension/tables/threecx-timeline.ts'
import { nothingFound } from '../../support/host-state.ts'

const day = 86_400
const start = Date.UTC(2023, 2, 1) / 1000
const never = new AbortController().signal
const indicators = loadBundledSets().flatMap((set) => set.indicators)
const sourcePlaces = loadSourcePlaces()

let root: string
let sql: SqlDatabase
/** What tables answer from, and the bounds they gave. */
let hunt: Partial<HuntServices>
const asked: (number | undefined)[] = []

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'threecx-since-'))
  const services = new Proxy({} as HuntServices, { get: (_, name) => Reflect.get(hunt, name) })
  sql = await openSql([
    bind(threecxC2Hits, services),
    bind(threecxExecutions, services),
    bind(threecxTimeline, services),
  ])
})
afterAll(async () => {
  await sql.close()
  rmSync(root, { recursive: true })
})

/** A log: records of some days, and the day it was changed last. */
interface PlannedLog {
  readonly path: string
  readonly days: readonly number[]
  readonly changed: number
}

const names = ['pbxsources.com', 'officeaddons.com']
const stamp = (time: number) => new Date(time * 1000).toISOString()

function textOf({ path, days }: PlannedLog): string {
  const line = (at: number, index: number) => {
    const time = start + at * day
    return path.includes('audit')
      ? `type=SYSCALL msg=audit(${time}.000:${index}): arch=c000003e syscall=59 success=yes pid=7 auid=0 uid=0 exe="/opt/3CXDesktopApp.exe"`
      : `${stamp(time)} dnsmasq[812]: query[A] ${names[index % 2]} from 192.168.1.10`
  }
  return days.map((at, index) => `${line(at, index)}\n`).join('')
}

const { engine: opened } = await openEngine()

/** An engine that finds the files changed when the plan says so, and the paths that it read. */
function played(logs: readonly PlannedLog[]): { readonly engine: ScanEngine; readonly read: Set<string> } {
  const read = new Set<string>()
  const changes = new Map(logs.map(({ path, changed }) => [path, BigInt(start + changed * day) * 1_000_000_000n]))
  const aged = <T extends FileIdentity & { readonly path: string }>(entry: T): T => {
    const changed = changes.get(entry.path)
    return changed === undefined ? entry : { ...entry, mtimeNs: changed, ctimeNs: changed }
  }
  const walk: ScanEngine['walk'] = async function* (plan, signal) {
    for await (const batch of opened.walk(plan, signal)) yield { ...batch, entries: batch.entries.map(aged) }
  }
  const lines: ScanEngine['lines'] = (roots, { root: at, path }, request, signal) => {
    read.add(path)
    return opened.lines(roots, { root: at, path }, request, signal)
  }
  const own = { walk, lines }
  const get = (target: ScanEngine, name: string) => {
    const value = Reflect.get(own, name) ?? Reflect.get(target, name)
    return typeof value === 'function' ? value.bind(target) : value
  }
  return { engine: new Proxy(opened, { get: get as ProxyHandler<ScanEngine>['get'] & object }), read }
}

function finders(engine: ScanEngine, isImage: boolean): Pick<HuntServices, 'contacts' | 'executions'> {
  const volume: Volume = {
    display: root,
    canonical: root,
    imageRoot: root,
    isCopy: isImage,
    isImage,
    platform: 'linux',
  }
  const parts = {
    engine,
    limits: defaultLimits,
    mounts: 'same' as const,
    volumes: [volume],
    sourcePlaces,
    sources,
    executionReaders,
    indicators,
    matcher: matcher(indicators),
    indicatorsVersion: 'v',
    clock: { nowMs: () => (start + 100 * day) * 1000 },
    proc: join(root, 'proc'),
    resolved: join(root, 'none'),
  }
  const contacts = new ContactFinder(parts)
  const executions = new ExecutionFinder(parts)
  return {
    contacts: async (signal, since) => {
      asked.push(since)
      return (await contacts.find(signal, since)).contacts
    },
    executions: async (signal, since) => {
      asked.push(since)
      return (await executions.find([], signal, since)).executions
    },
  }
}

function plant(logs: readonly PlannedLog[]): void {
  rmSync(join(root, 'var'), { recursive: true, force: true })
  for (const log of logs) {
    mkdirSync(dirname(join(root, log.path)), { recursive: true })
    writeFileSync(join(root, log.path), textOf(log))
  }
}

async function rows(query: string): Promise<unknown[]> {
  return (await sql.query(query)).rows.map((row) => JSON.stringify(row)).sort()
}

const paths = ['var/log/dnsmasq.log', 'var/log/dnsmasq.log.1', 'var/log/audit/audit.log', 'var/log/audit/audit.log.1']
const anyLogs = fc.tuple(
  ...paths.map((path) =>
    fc.record({
      path: fc.constant(path),
      days: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 6 }),
      changed: fc.integer({ min: 0, max: 60 }), // also before its records: a clock that was ahead, or forged ones
    }),
  ),
)
const bounds = [
  'first_seen >= $',
  'last_seen > $',
  'last_seen >= $ AND first_seen < $',
  'last_seen BETWEEN $ AND $ + 864000',
]

describe('a lower bound of a time', () => {
  it('gives what SQLite makes of everything, aggregates whole', async () => {
    const anyCase = fc.tuple(anyLogs, fc.integer({ min: 0, max: 60 }), fc.constantFrom(...bounds), fc.boolean())
    await fc.assert(
      fc.asyncProperty(anyCase, async ([logs, at, bound, isImage]) => {
        plant(logs)
        const { engine } = played(logs)
        const pushed = bound.replaceAll('$', String(start + at * day))
        const ofRuns = pushed.replaceAll('first_seen', 'time').replaceAll('last_seen', 'last_time')
        for (const [table, where] of [
          ['threecx_c2_hits', pushed],
          ['threecx_executions', ofRuns],
        ] as const) {
          hunt = finders(engine, isImage)
          const answer = await rows(`SELECT * FROM ${table} WHERE ${where}`)
          hunt = finders(engine, isImage)
          const alone = where.replaceAll(/(first_seen|last_seen|last_time|\btime)/g, '+$1')
          expect(answer).toEqual(await rows(`SELECT * FROM ${table} WHERE ${alone}`))
          expect(asked.splice(0).map((one) => one === undefined)).toEqual([false, true])
        }
      }),
      { numRuns: 25 },
    )
  })

  it('leaves out files that were not changed since, and none in an image', async () => {
    const logs = [
      { path: 'var/log/dnsmasq.log', days: [49, 50], changed: 50 },
      { path: 'var/log/dnsmasq.log.1', days: [9, 10], changed: 10 },
    ]
    plant(logs)
    for (const isImage of [false, true]) {
      const { engine, read } = played(logs)
      const found = await finders(engine, isImage).contacts(never, start + 40 * day)
      expect(
        new Set(found.filter(({ lastSeen = 0 }) => lastSeen >= start + 40 * day).map((one) => one.sourcePath)),
      ).toEqual(new Set([join(root, 'var/log/dnsmasq.log')]))
      expect(read.has('var/log/dnsmasq.log.1')).toBe(isImage)
    }
  })

  it('does not hide a record of a clock that was ahead: it has no time then, and says what it states', async () => {
    const logs = [{ path: 'var/log/dnsmasq.log', days: [50], changed: 10 }]
    plant(logs)
    const [contact] = await finders(played(logs).engine, false).contacts(never)
    expect(contact).toMatchObject({ firstSeen: undefined, fields: { stated_time: start + 50 * day } })
  })

  it('reaches everything that the timeline is made of', async () => {
    const bounds: (number | undefined)[] = []
    hunt = {
      state: async (_, since) => {
        bounds.push(since)
        return nothingFound
      },
    }
    await rows(`SELECT * FROM threecx_timeline WHERE time >= ${start}`)
    await rows('SELECT * FROM threecx_timeline')
    expect(bounds).toEqual([start, undefined])
  })
})
