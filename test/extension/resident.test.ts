/**
 * The resident hunt: queries answer from the last complete pass and a look at what can be looked at, and never walk
 * the disk; the sweep comes by itself, and nothing ends its schedule.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openResidentCatalogue } from '../../extension/catalogue.ts'
import type { Artifact } from '../../extension/domain/artifact.ts'
import { isComplete, type Scan } from '../../extension/domain/scan.ts'
import { defaultResidence, gentleShare } from '../../extension/resident/residence.ts'
import type { Resident } from '../../extension/resident/resident.ts'
import { bindTables } from '../../extension/tables/index.ts'
import { isOverEverything, ResidentHost } from '../support/resident-host.ts'

const hour = 3_600_000
const never = new AbortController().signal
/** The trojanised library of the planted Windows image. */
let library: string
let host: ResidentHost

beforeEach(() => {
  host = new ResidentHost()
  library = readdirSync(host.image, { recursive: true, encoding: 'utf8' }).find((path) =>
    /3CXDesktopApp.app.*ffmpeg\.dll$/.test(path),
  ) as string
  host.copy(library, host.stray)
})

afterEach(() => host.remove())

async function artifactsOf(hunter: Resident): Promise<Map<string, Artifact>> {
  const found: Artifact[] = []
  for await (const one of hunter.artifacts(never)) found.push(one)
  expect(new Set(found.map(({ path }) => path)).size).toBe(found.length)
  return new Map(found.map((one) => [one.path, one]))
}

async function fullScan(hunter: Resident): Promise<Scan> {
  const [scan] = (await hunter.scans(never)).filter((one) => one.scan === 'full')
  if (!scan) throw new Error('no full scan')
  return scan
}

function wholeWalks(): number {
  return host.walks.filter(isOverEverything).length
}

describe('before the first full pass', () => {
  it('answers from a live look at the places, and says that this is not all', async () => {
    const hunter = await host.open()
    hunter.start()
    const found = await artifactsOf(hunter)
    expect(found.get(join(host.image, library))?.verdict).toBe('malicious')
    expect(found.has(host.stray)).toBe(false)
    expect(await fullScan(hunter)).toMatchObject({ state: 'pending', nextRun: host.nowMs / 1000 + 5 })
    expect(await hunter.verdict(never)).toMatchObject({
      verdict: 'compromised',
      isScanComplete: false,
      scannedAt: undefined,
      reasons: expect.arrayContaining([expect.stringMatching(/no full pass has been completed yet/)]),
    })
  })

  it('does not take a host without a finding for clean', async () => {
    rmSync(host.image, { recursive: true })
    mkdirSync(join(host.image, 'Windows'), { recursive: true })
    const hunter = await host.open()
    expect((await hunter.verdict(never)).verdict).toBe('unknown')
    await host.sweep(hunter)
    expect((await hunter.verdict(never)).verdict).toBe('clean')
  })

  it('never walks the disk for a question about everywhere', async () => {
    const hunter = await host.open()
    for await (const _ of hunter.artifactsEverywhere(never));
    expect(host.walks).toHaveLength(1)
    expect(wholeWalks()).toBe(0)
  })
})

describe('after a full pass', () => {
  it('answers what it found everywhere, each path once', async () => {
    const hunter = await host.open()
    await host.sweep(hunter)
    const found = await artifactsOf(hunter)
    expect(found.get(host.stray)).toMatchObject({ verdict: 'malicious', digests: { sha256: expect.any(String) } })
    expect(found.has(join(host.image, library))).toBe(true)
    const full = await fullScan(hunter)
    expect(full).toMatchObject({ state: 'finished', nextRun: full.finished ? full.finished + 6 * 3600 : undefined })
    expect(isComplete(full)).toBe(true)
    expect(await hunter.verdict(never)).toMatchObject({ isScanComplete: true, scannedAt: full.finished })
  })

  it('does not report a file that was deleted, and reports one that came, without a walk over everything', async () => {
    const hunter = await host.open()
    await host.sweep(hunter)
    const walked = wholeWalks()
    const added = join(
      host.image,
      'Users',
      'carol',
      'AppData',
      'Local',
      'Programs',
      '3CXDesktopApp',
      'app',
      'ffmpeg.dll',
    )
    host.copy(library, added)
    rmSync(host.stray)
    rmSync(join(host.image, library))
    host.pass(11_000)
    const found = await artifactsOf(hunter)
    expect(found.has(host.stray)).toBe(false)
    expect(found.has(join(host.image, library))).toBe(false)
    expect(found.get(added)?.verdict).toBe('malicious')
    expect(wholeWalks()).toBe(walked)
  })

  it('judges a file anew that was changed, in a place and elsewhere', async () => {
    const hunter = await host.open()
    await host.sweep(hunter)
    const before = await artifactsOf(hunter)
    appendFileSync(host.stray, 'x')
    writeFileSync(join(host.image, library), 'harmless')
    host.pass(11_000)
    const found = await artifactsOf(hunter)
    expect(found.get(host.stray)?.digests.sha256).not.toBe(before.get(host.stray)?.digests.sha256)
    const judgedBy = found.get(host.stray)?.findings.map(({ observable }) => observable.type)
    expect(judgedBy, 'its structure is the same, its digest is not').not.toContain('sha256')
    expect(found.get(join(host.image, library))?.verdict).not.toBe('malicious')
    expect(wholeWalks()).toBe(1)
  })

  it('answers the same after a restart, without a walk over everything', async () => {
    const first = await host.open()
    await host.sweep(first)
    const before = await artifactsOf(first)
    await host.close()
    const second = await host.open()
    second.start()
    expect(await artifactsOf(second)).toEqual(before)
    expect(wholeWalks()).toBe(1)
  })

  it('judges anew what it kept when an indicator is no longer in force', async () => {
    const first = await host.open()
    await host.sweep(first)
    await host.close()
    host.indicatorsVersion = 'b'.repeat(64)
    const second = await host.open()
    second.start()
    expect((await artifactsOf(second)).get(host.stray)?.verdict).toBe('malicious')
    expect(await second.verdict(never)).toMatchObject({
      isScanComplete: false,
      reasons: expect.arrayContaining([expect.stringMatching(/other indicators/)]),
    })
    expect((await fullScan(second)).nextRun).toBe(host.nowMs / 1000 + 150) // half of the random delay: it is due
  })

  it('says so when the last pass is older than twice the interval', async () => {
    const first = await host.open()
    await host.sweep(first)
    host.gate = () => new Promise(() => {})
    host.pass(13 * hour)
    expect(await first.verdict(never)).toMatchObject({
      isScanComplete: false,
      reasons: expect.arrayContaining([expect.stringMatching(/ended 1[23] hours ago/)]),
    })
  })

  it('keeps the gravest artifacts when there are more than fit, and marks the pass truncated', async () => {
    const hunter = await host.open({ maxArtifacts: 2 })
    await host.sweep(hunter)
    const full = await fullScan(hunter)
    expect(full.truncated).toBe(true)
    expect(full.errors[0]).toMatchObject({ code: 'too_many', message: expect.stringMatching(/not kept/) })
    expect(isComplete(full)).toBe(false)
    expect([...(await artifactsOf(hunter)).values()].some((one) => one.verdict === 'malicious')).toBe(true)
  })
})

describe('a query', () => {
  it('shares its look with others that come at the same time, and with those of the next seconds', async () => {
    const hunter = await host.open()
    const [one, ...others] = await Promise.all(Array.from({ length: 5 }, () => artifactsOf(hunter)))
    expect(host.walks).toHaveLength(1)
    for (const other of others) expect(other).toEqual(one)
    await hunter.scans(never)
    await hunter.verdict(never)
    host.pass(9_000)
    await artifactsOf(hunter)
    expect(host.walks).toHaveLength(1)
    host.pass(1_000)
    await artifactsOf(hunter)
    expect(host.walks).toHaveLength(2)
  })

  it('is answered while a sweep runs, without asking for a walk over everything', async () => {
    const hunter = await host.open()
    await host.sweep(hunter)
    const gate = Promise.withResolvers<void>()
    host.gate = () => gate.promise
    host.pass(6 * hour)
    await host.until(() => wholeWalks() === 2)
    expect((await artifactsOf(hunter)).has(host.stray)).toBe(true)
    for await (const _ of hunter.artifactsEverywhere(never));
    expect(wholeWalks()).toBe(2)
    gate.resolve()
    await host.until(() => host.count('sweep finished') === 2)
  })

  it('may stop waiting, and others go on', async () => {
    const hunter = await host.open()
    const aborter = new AbortController()
    const impatient = hunter.verdict(aborter.signal)
    const patient = artifactsOf(hunter)
    aborter.abort(new Error('no time'))
    await expect(impatient).rejects.toThrow('no time')
    expect((await patient).size).toBeGreaterThan(0)
    expect(host.walks).toHaveLength(1)
  })

  it('that names a directory scans it at once', async () => {
    const hunter = await host.open()
    const question = {
      kind: 'named' as const,
      paths: [],
      directories: [join(host.image, 'Archive', 'old')],
      stretches: [],
      keep: () => true,
    }
    const found: Artifact[] = []
    for await (const one of hunter.namedArtifacts(question, never)) found.push(one)
    for await (const _ of hunter.namedArtifacts(question, never)); // twice within a second
    expect(found.map(({ path }) => path)).toEqual([host.stray])
    const health = { read: () => Promise.reject(new Error('not asked')) }
    const table = bindTables({ hunt: hunter, health }).find((one) => one.name === 'threecx_scans')
    const rows = []
    const request = { constraints: new Map(), columnsUsed: undefined }
    for await (const row of table?.generate(request, never) ?? []) rows.push(row)
    expect(new Set(rows.map((row) => row.rowid)).size).toBe(rows.length)
    const ofFiles = (await hunter.scans(never)).filter(({ source }) => source === 'file')
    expect(ofFiles.map(({ scan }) => scan)).toEqual(['full', 'places', 'named'])
  })

  it('keeps what was stored when the look-up of its file is refused, and drops it when its volume is gone', async () => {
    const first = await host.open()
    await host.sweep(first)
    await host.close()
    const denied = await host.open({}, { stat: async (_, files) => files.map((file) => refused(file.path)) })
    expect((await artifactsOf(denied)).has(host.stray)).toBe(true)
    const absent = await host.open({}, { stat: () => Promise.reject(new Error('no such root')) })
    expect((await artifactsOf(absent)).has(host.stray)).toBe(false)
  })
})

function refused(path: string) {
  return { root: 0, path, code: 'denied' as const, message: 'permission denied' }
}

describe('the schedule', () => {
  it('starts soon without a complete pass, and six hours after the end of one', async () => {
    const hunter = await host.open()
    hunter.start()
    expect(host.alarms).toEqual([5_000])
    host.pass(4_999)
    expect(wholeWalks()).toBe(0)
    host.pass(1)
    await host.until(() => host.count('sweep finished') === 1)
    host.pass(6 * hour - 60_000)
    expect(host.count('sweep finished')).toBe(1)
    expect(wholeWalks()).toBe(1)
    host.pass(60_000)
    await host.until(() => host.count('sweep finished') === 2)
  })

  it('does not start over after a restart, and waits a random while when it is due', async () => {
    await host.sweep(await host.open())
    await host.close()
    host.pass(hour)
    const early = await host.open()
    early.start()
    expect((await fullScan(early)).nextRun).toBeCloseTo((host.nowMs + 5 * hour) / 1000, 0)
    await host.close()
    host.pass(9 * hour)
    host.random = 0.1
    const late = await host.open()
    late.start()
    expect(host.alarms).toEqual([30_000])
    host.pass(30_000)
    await host.until(() => host.count('sweep finished') === 2)
  })

  it('has the engine give its memory back after a pass', async () => {
    let released = 0
    const hunter = await host.open({}, { release: () => void released++ })
    await host.sweep(hunter)
    await host.until(() => released === 1)
  })

  it('goes on after a pass that fails, with longer and longer waits', async () => {
    host.gate = () => Promise.reject(new Error('the disk is on fire'))
    const hunter = await host.open()
    hunter.start()
    host.pass(5_000)
    await host.until(() => host.count('sweep failed') === 1)
    expect(await hunter.scans(never)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          state: 'failed',
          errors: [expect.objectContaining({ message: 'the disk is on fire' })],
        }),
      ]),
    )
    host.pass(10 * 60_000)
    await host.until(() => host.count('sweep failed') === 2)
    host.pass(10 * 60_000)
    expect(wholeWalks()).toBe(2)
    host.gate = async () => {}
    host.pass(10 * 60_000)
    await host.until(() => host.count('sweep finished') === 1)
    expect((await hunter.scans(never)).flatMap(({ source, state }) => (source === 'file' ? [state] : []))).toEqual([
      'finished',
      'finished',
    ])
  })

  it('gives up a pass that hangs, and runs the next one', async () => {
    host.gate = () => new Promise(() => {})
    const hunter = await host.open()
    hunter.start()
    host.pass(5_000)
    await host.until(() => wholeWalks() === 1)
    host.pass(hour)
    await host.until(() => host.count('sweep failed') === 1)
    host.gate = async () => {}
    host.pass(10 * 60_000)
    await host.until(() => host.count('sweep finished') === 1)
    expect((await artifactsOf(hunter)).has(host.stray)).toBe(true)
  })

  it('shows the progress of the running pass', async () => {
    const hunter = await host.open()
    await host.sweep(hunter)
    const expected = (await fullScan(hunter)).files
    const gate = Promise.withResolvers<void>()
    host.gate = () => gate.promise
    host.pass(6 * hour)
    await host.until(async () => (await fullScan(hunter)).state === 'running')
    const full = (await hunter.scans(never)).filter((one) => one.scan === 'full')
    expect(full.map(({ state }) => state)).toEqual(['running', 'finished'])
    // How far the first batch goes depends on how busy the machine is.
    expect(full[0]?.files).toBeGreaterThan(0)
    expect(full[0]).toMatchObject({ expectedFiles: expected, finished: undefined })
    gate.resolve()
    await host.until(() => host.count('sweep finished') === 2)
  })

  it('ends within a second when it is closed in a pass, even in one that hangs', async () => {
    host.gate = () => new Promise(() => {})
    const hunter = await host.open()
    hunter.start()
    host.pass(5_000)
    await host.until(() => wholeWalks() === 1)
    const started = performance.now()
    await hunter.close()
    expect(performance.now() - started).toBeLessThan(1000)
    expect(host.alarms).toEqual([])
    await expect(hunter.verdict(never)).rejects.toThrow(/closing/)
  })

  it('asks for the pace of its choice in a sweep, and for none in a look', async () => {
    const hunter = await host.open()
    await artifactsOf(hunter)
    await host.sweep(hunter)
    expect(host.walks.map((plan) => [isOverEverything(plan), plan.pace?.cpuShare])).toEqual([
      [false, undefined],
      [true, 100],
    ])
  })

  it('stays below the restrictive watchdog by default, on any number of cores', () => {
    for (const cores of [1, 2, 4, 8, 64]) expect(gentleShare(cores)).toBeLessThanOrEqual(0.7 * 0.05 * cores)
    expect(defaultResidence().pace.idle).toBe(true)
  })
})

describe('a process', () => {
  it('that is killed in a sweep leaves the pass before, from which the next start answers', async () => {
    const state = join(host.directory, 'state')
    await inProcess(state, { cpuShare: 100 }, 'finished')
    host.copy(library, join(host.image, 'Archive', 'new', 'ffmpeg.dll'))
    for (let at = 0; at < 200; at++) writeFileSync(join(host.image, 'Archive', `${at}.exe`), `MZ${'x'.repeat(90_000)}`)
    await inProcess(state, { cpuShare: 0.001 }, 'running')
    const catalogue = await openResidentCatalogue({ root: host.image, platform: 'windows', stateDir: state }, host.log)
    const found = await artifactsOf(catalogue.hunter)
    expect(found.get(host.stray)?.verdict).toBe('malicious')
    expect(await fullScan(catalogue.hunter)).toMatchObject({ state: 'finished' })
    expect(host.told.filter(({ level }) => level === 'warn')).toEqual([])
    await catalogue.close()
  })

  /** Runs a resident hunt in a process of its own and kills it as soon as the full scan is in a state. */
  async function inProcess(state: string, pace: { cpuShare: number }, wanted: string): Promise<void> {
    const script = join(import.meta.dirname, '..', 'support', 'resident-process.ts')
    const child = fork(script, [JSON.stringify({ root: host.image, state, pace, wanted })])
    try {
      await message(child)
    } finally {
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('exit', resolve))
    }
  }

  function message(child: ChildProcess): Promise<unknown> {
    return new Promise((resolve, reject) => {
      child.once('message', resolve)
      child.once('exit', (code) => reject(new Error(`the process ended with ${code}`)))
    })
  }
})
