/**
 * A host for tests of the resident hunt: a planted image, a clock and alarms that the test moves, and an engine that
 * counts what is asked of it and can be made to hang or fail.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { decoders } from '../../extension/decoders/index.ts'
import { matcher } from '../../extension/domain/match.ts'
import { Examiner } from '../../extension/examining/examiner.ts'
import { executionReaders } from '../../extension/executions/index.ts'
import type { HuntPlan } from '../../extension/hunt.ts'
import { loadBundledSets, loadInstallPlaces, loadPlaces, loadSourcePlaces } from '../../extension/indicators/index.ts'
import type { ScanEngine, WalkPlan } from '../../extension/native/engine.ts'
import { openEngine } from '../../extension/native/index.ts'
import { PassStore } from '../../extension/resident/pass-store.ts'
import { defaultResidence, type Residence } from '../../extension/resident/residence.ts'
import { Resident } from '../../extension/resident/resident.ts'
import { noRules } from '../../extension/rules/rule-search.ts'
import type { Alarm } from '../../extension/runtime/clock.ts'
import type { Logger } from '../../extension/runtime/log.ts'
import { sources } from '../../extension/sources/index.ts'
import { noCache } from '../../extension/sweep/hash-cache.ts'
import { defaultLimits } from '../../extension/sweep/request.ts'
import { nothingSettled } from '../../extension/sweep/settled-store.ts'
import { imageVolume } from '../../extension/sweep/volume.ts'
import { plantImage } from './sample-image.ts'

const sets = loadBundledSets()
const indicators = sets.flatMap((set) => set.indicators)
const places = loadPlaces()
const { engine: opened } = await openEngine()
/** As on a live host: those of images look into every directory. */
const livePlaces = loadInstallPlaces().filter(({ imagesOnly }) => !imagesOnly)

/** A walk over everything, as only a full pass asks for. */
export function isOverEverything(plan: WalkPlan): boolean {
  return plan.rules.some((rule) => rule.pattern.startsWith('**'))
}

const sourcePlaces = loadSourcePlaces()
const besidePatterns = new Set([
  ...[...livePlaces, ...sourcePlaces].map(({ pattern }) => pattern.replaceAll('<user>', '*')),
  'Windows/System32/config/SOFTWARE',
])

/** A walk that looks for installs, or for a setting of the system. */
function isBesideFiles(plan: WalkPlan): boolean {
  return plan.rules.every(({ pattern }) => besidePatterns.has(pattern))
}

/** One thing the log was told. */
export interface Told {
  readonly level: string
  readonly message: string
}

/** The host. */
export class ResidentHost {
  readonly directory = mkdtempSync(join(tmpdir(), 'threecx-resident-'))
  readonly image = join(this.directory, 'image')
  readonly database = join(this.directory, 'sweep.db')
  readonly told: Told[] = []
  /** Walks for files that were asked for, in order. */
  readonly walks: WalkPlan[] = []
  /** What a walk over everything waits for after each batch; it may reject. */
  gate: () => Promise<void> = async () => {}
  nowMs = Date.UTC(2023, 3, 1)
  random = 0.5
  indicatorsVersion = 'a'.repeat(64)
  readonly #alarms = new Map<() => void, number>()
  readonly #open: { hunter: Resident; store: PassStore }[] = []

  constructor() {
    plantImage('windows', this.image, { clean: false })
  }

  /** A planted malicious library, copied to where no place is. */
  get stray(): string {
    return join(this.image, 'Archive', 'old', 'ffmpeg.dll')
  }

  /** Copies a planted file of the image. */
  copy(from: string, to: string): void {
    mkdirSync(dirname(to), { recursive: true })
    copyFileSync(join(this.image, from), to)
  }

  /** A resident hunt over the image; `start` is the caller's. */
  async open(residence: Partial<Residence> = {}, engine: Partial<ScanEngine> = {}): Promise<Resident> {
    const scanning = { ...this.#engine(), ...engine }
    const plan: HuntPlan = {
      engine: scanning,
      examiner: new Examiner(scanning, decoders, noRules, this.indicatorsVersion),
      volumes: [await imageVolume(this.image, 'windows')],
      indicators,
      places,
      installPlaces: livePlaces,
      sourcePlaces,
      sources,
      executionReaders,
      limits: defaultLimits,
      mounts: 'same',
      matcher: matcher(indicators),
      indicatorsVersion: this.indicatorsVersion,
      cache: noCache,
      settled: nothingSettled,
      clock: { nowMs: () => this.nowMs },
    }
    const store = new PassStore(this.database, this.log)
    const hunter = new Resident({
      plan,
      sets,
      store,
      residence: { ...defaultResidence(), pace: { idle: false, cpuShare: 100 }, ...residence },
      log: this.log,
      alarm: this.alarm,
      random: () => this.random,
    })
    this.#open.push({ hunter, store })
    return hunter
  }

  /** Delays of the alarms that are set. */
  get alarms(): number[] {
    return [...this.#alarms.values()].map((at) => at - this.nowMs)
  }

  readonly alarm: Alarm = {
    after: (ms, ring) => {
      const one = () => ring()
      this.#alarms.set(one, this.nowMs + ms)
      return () => void this.#alarms.delete(one)
    },
  }

  readonly log = Object.fromEntries(
    ['debug', 'info', 'warn', 'error'].map((level) => [
      level,
      (_: unknown, message: string) => this.told.push({ level, message }),
    ]),
  ) as unknown as Logger

  /** Lets time pass, ringing what is due on the way. */
  pass(ms: number): void {
    const until = this.nowMs + ms
    for (let next = this.#next(until); next; next = this.#next(until)) {
      const [ring, at] = next
      this.nowMs = Math.max(this.nowMs, at)
      this.#alarms.delete(ring)
      ring()
    }
    this.nowMs = until
  }

  /** Polls; throws when it does not come within half a minute. */
  async until(holds: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 30_000
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`it never came; the log: ${JSON.stringify(this.told)}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  /** Lets the first full pass come and end. */
  async sweep(hunter: Resident): Promise<void> {
    const ended = this.count('sweep finished')
    hunter.start()
    this.pass(defaultResidence().firstDelayMs)
    await this.until(() => this.count('sweep finished') > ended)
  }

  /** How often the log was told something. */
  count(message: string): number {
    return this.told.filter((one) => one.message === message).length
  }

  /** Closes the hunts and removes everything. */
  async remove(): Promise<void> {
    await this.close()
    rmSync(this.directory, { recursive: true })
  }

  /** Closes the hunts, as at the end of a process. */
  async close(): Promise<void> {
    for (const { hunter, store } of this.#open.splice(0)) {
      await hunter.close()
      store.close()
    }
  }

  #next(until: number): [() => void, number] | undefined {
    const due = [...this.#alarms].filter(([, at]) => at <= until)
    return due.sort(([, a], [, b]) => a - b)[0]
  }

  #engine(): ScanEngine {
    const { walks } = this
    const host = this
    return {
      ...opened,
      async *walk(plan, signal) {
        if (!isBesideFiles(plan)) walks.push(plan)
        for await (const batch of opened.walk(plan, signal)) {
          yield batch
          if (isOverEverything(plan)) await host.gate()
        }
      },
    }
  }
}
