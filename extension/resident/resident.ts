/**
 * The hunt of a process that stays: it sweeps by itself, and answers from what it knows.
 *
 * A query never walks a disk here. It gets the last complete pass, corrected by a cheap live look; only a path or a
 * directory that somebody names is scanned at once. A pass that fails, hangs or is interrupted never ends the
 * schedule, and what it had read is in the hash cache.
 */
import type { Artifact } from '../domain/artifact.ts'
import type { Contact } from '../domain/contact.ts'
import { HunterError } from '../domain/errors.ts'
import type { Execution } from '../domain/execution.ts'
import type { HostState } from '../domain/host-state.ts'
import { type HostVerdict, judgeHost } from '../domain/host-verdict.ts'
import type { Indicator, IndicatorSet } from '../domain/indicator.ts'
import type { Install } from '../domain/install.ts'
import type { DigestAlgorithm } from '../domain/observable.ts'
import type { PathText } from '../domain/path-text.ts'
import type { TiedProcess } from '../domain/process.ts'
import type { NamedFiles } from '../domain/question.ts'
import { distinctScans, type Scan } from '../domain/scan.ts'
import type { HuntPlan } from '../hunt.ts'
import { LiveQuestions } from '../live-questions.ts'
import type { Alarm } from '../runtime/clock.ts'
import type { Logger } from '../runtime/log.ts'
import { Surroundings } from '../surroundings.ts'
import type { HuntServices } from '../tables/services.ts'
import { type FullPass, pendingScan, RunningPass } from './full-pass.ts'
import type { PassHeader, PassStore, StoredArtifact } from './pass-store.ts'
import type { Residence } from './residence.ts'
import { firstRun, nextRun, retryDelay } from './schedule.ts'
import { type Standing, StandingAnswer } from './standing-answer.ts'

/** Everything a resident hunt is made from. */
export interface ResidentParts {
  readonly plan: HuntPlan
  readonly sets: readonly IndicatorSet[]
  readonly store: PassStore
  readonly residence: Residence
  readonly log: Logger
  readonly alarm: Alarm
  /** 0 to 1, as `Math.random`. */
  readonly random: () => number
}

/** The alarm is set anew at least this often, so that a clock that was set is noticed; milliseconds. */
const longestNapMs = 60_000

/** Implements what tables ask for, over one plan, for as long as the process lives. */
export class Resident implements HuntServices {
  readonly sets: readonly IndicatorSet[]
  readonly indicators: readonly Indicator[]
  readonly indicatorsVersion: string
  readonly #parts: ResidentParts
  readonly #byId: ReadonlyMap<string, Indicator>
  readonly #questions: LiveQuestions
  readonly #surroundings: Surroundings
  readonly #standing: StandingAnswer
  readonly #closing = new AbortController()
  readonly #retiring = new AbortController()
  #callOff = () => {}
  #dueMs = 0
  #failures = 0
  #running: RunningPass | undefined
  #ended: Promise<void> = Promise.resolve()
  /** Records of the last pass that came to nothing, until one does. */
  #failed: readonly Scan[] = []

  constructor(parts: ResidentParts) {
    this.#parts = parts
    this.sets = parts.sets
    this.indicators = parts.plan.indicators
    this.indicatorsVersion = parts.plan.indicatorsVersion
    this.#byId = new Map(this.indicators.map((one) => [one.id, one]))
    this.#questions = new LiveQuestions(parts.plan)
    const { rememberMs, liveTimeoutMs } = parts.residence
    const times = { rememberMs, timeoutMs: liveTimeoutMs }
    this.#surroundings = new Surroundings(parts.plan, this.#closing.signal, times)
    this.#standing = new StandingAnswer(parts.plan, parts.residence, () => this.#stored(), this.#closing.signal)
  }

  /** Begins the schedule. */
  start(): void {
    const { store, residence, random } = this.#parts
    const header = this.#header()
    this.#dueMs = firstRun(residence, {
      nowMs: this.#nowMs(),
      lastMs: header?.indicatorsVersion === this.indicatorsVersion ? header.finishedMs : undefined,
      hasPass: header !== undefined,
      begun: store.begun(),
      random: random(),
    })
    this.#nap()
  }

  /** Ends the schedule and the running pass, because another hunt takes over; what was asked is still answered. */
  retire(): void {
    this.#callOff()
    this.#retiring.abort(new HunterError('interrupted', 'other indicators are in force'))
  }

  /** Ends everything; resolves when nothing of ours uses the cache or the store any more, within a second. */
  async close(): Promise<void> {
    this.#callOff()
    this.#closing.abort(new HunterError('interrupted', 'the hunt is closing'))
    await this.#ended
  }

  async *artifacts(signal: AbortSignal): AsyncGenerator<Artifact, void, undefined> {
    yield* (await this.#standing.get(signal)).artifacts
  }

  /** The same as `artifacts`: the last complete pass was over everything. */
  artifactsEverywhere(signal: AbortSignal): AsyncIterable<Artifact> {
    return this.artifacts(signal)
  }

  namedArtifacts(question: NamedFiles, signal: AbortSignal): AsyncIterable<Artifact> {
    return this.#questions.artifacts(question, this.#orClosing(signal))
  }

  digests(artifact: Artifact, wanted: readonly DigestAlgorithm[], signal: AbortSignal): Promise<Artifact['digests']> {
    return this.#questions.digests(artifact, wanted, this.#orClosing(signal))
  }

  installs(signal: AbortSignal): Promise<readonly Install[]> {
    return this.#surroundings.installs(signal)
  }

  processes(signal: AbortSignal): Promise<readonly TiedProcess[]> {
    return this.#surroundings.processes(signal)
  }

  contacts(signal: AbortSignal, since?: number): Promise<readonly Contact[]> {
    return this.#surroundings.contacts(signal, since)
  }

  contactsIn(paths: readonly PathText[], source: string | undefined, signal: AbortSignal) {
    return this.#surroundings.contactsIn(paths, source, this.#orClosing(signal))
  }

  executions(signal: AbortSignal, since?: number): Promise<readonly Execution[]> {
    return this.#surroundings.executions(signal, since)
  }

  executionsIn(paths: readonly PathText[], source: string | undefined, signal: AbortSignal) {
    return this.#surroundings.executionsIn(paths, source, this.#orClosing(signal))
  }

  async state(signal: AbortSignal, since?: number): Promise<HostState> {
    const [{ artifacts }, beside] = await Promise.all([
      this.#standing.get(signal),
      this.#surroundings.all(signal, since),
    ])
    return { artifacts, ...beside }
  }

  async scans(signal: AbortSignal): Promise<readonly Scan[]> {
    const [{ scans }, beside] = await Promise.all([this.#standing.get(signal), this.#surroundings.all(signal)])
    return distinctScans([...this.#fullScans(), ...scans, ...beside.scans, ...this.#questions.scans])
  }

  async verdict(signal: AbortSignal): Promise<HostVerdict> {
    const [{ artifacts, scans }, beside] = await Promise.all([
      this.#standing.get(signal),
      this.#surroundings.all(signal),
    ])
    const header = this.#header()
    const scannedAt = header && Math.floor(header.finishedMs / 1000)
    return judgeHost({ artifacts, ...beside }, [...this.#relied(header, scans), ...beside.scans], {
      scannedAt,
      stale: this.#stale(header),
    })
  }

  now(): number {
    return Math.floor(this.#nowMs() / 1000)
  }

  /** What a verdict rests on: the complete pass where there is one, and the live look. */
  #relied(header: PassHeader | undefined, live: Standing['scans']): Scan[] {
    return [...(header?.scans ?? this.#pending()), ...live]
  }

  #stale(header: PassHeader | undefined): string | undefined {
    if (!header) return 'no full pass has been completed yet, only the known places were examined'
    if (header.indicatorsVersion !== this.indicatorsVersion) {
      return 'the last complete pass was made with other indicators, the next one is due'
    }
    const hours = Math.floor((this.#nowMs() - header.finishedMs) / 3_600_000)
    const isOld = this.#nowMs() - header.finishedMs > 2 * this.#parts.residence.intervalMs + this.#durationMs(header)
    return isOld ? `the last complete pass ended ${hours} hours ago, more than twice the interval` : undefined
  }

  #durationMs(header: PassHeader): number {
    return Math.max(0, header.finishedMs - header.startedMs)
  }

  /** The running pass or when it comes, the last one that failed, the last complete one. */
  #fullScans(): Scan[] {
    const complete = this.#header()?.scans ?? []
    const nextRun = Math.floor(this.#dueMs / 1000)
    const expected = new Map(complete.map((scan) => [scan.root, scan.files]))
    const present = this.#running?.scans() ?? (complete.length === 0 ? this.#pending() : [])
    return [
      ...present.map((scan) => {
        const expectedFiles = expected.get(scan.root)
        const due = scan.state === 'pending' ? { nextRun } : {}
        return { ...scan, ...due, ...(expectedFiles === undefined ? {} : { expectedFiles }) }
      }),
      ...this.#failed,
      ...complete.map((scan) => (this.#running ? scan : { ...scan, nextRun })),
    ]
  }

  #pending(): Scan[] {
    return this.#parts.plan.volumes.map(({ display }) => pendingScan(this.#parts.plan, display))
  }

  /** The last complete pass, when it was over the volumes of this plan. */
  #header(): PassHeader | undefined {
    const header = this.#parts.store.header()
    const roots = new Set(this.#parts.plan.volumes.map(({ display }) => display))
    return header?.scans.every((scan) => roots.has(scan.root)) ? header : undefined
  }

  #stored(): readonly StoredArtifact[] {
    const roots = new Set(this.#parts.plan.volumes.map(({ canonical }) => canonical))
    return this.#parts.store.artifacts(this.#byId).filter(({ file }) => roots.has(file.root))
  }

  #nowMs(): number {
    return this.#parts.plan.clock.nowMs()
  }

  get #isEnding(): boolean {
    return this.#closing.signal.aborted || this.#retiring.signal.aborted
  }

  #orClosing(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#closing.signal])
  }

  #nap(): void {
    if (this.#isEnding) return
    const now = this.#nowMs()
    this.#dueMs = Math.min(this.#dueMs, now + this.#parts.residence.intervalMs + this.#parts.residence.startDelayMs)
    const wait = Math.max(0, Math.min(this.#dueMs - now, longestNapMs))
    this.#callOff = this.#parts.alarm.after(wait, () => this.#wake())
  }

  #wake(): void {
    if (this.#nowMs() >= this.#dueMs && this.#isStillDue()) this.#ended = this.#sweep()
    else this.#nap()
  }

  /** Another process with the same state directory may have completed a pass meanwhile. */
  #isStillDue(): boolean {
    const now = this.#nowMs()
    const header = this.#header()
    if (header?.indicatorsVersion !== this.indicatorsVersion) return true
    const due = nextRun(this.#parts.residence, header.finishedMs, now)
    if (due <= now) return true
    this.#dueMs = due
    this.#standing.forget()
    return false
  }

  async #sweep(): Promise<void> {
    const { plan, residence, store, alarm, log } = this.#parts
    const pass = new RunningPass(plan, residence)
    this.#running = pass
    store.noteBegun()
    log.debug({ share: residence.pace.cpuShare }, 'sweep begins')
    try {
      this.#keep(await pass.run(AbortSignal.any([this.#closing.signal, this.#retiring.signal]), alarm))
    } catch (error) {
      this.#giveUp(pass, error)
    } finally {
      this.#running = undefined
      plan.engine.release()
      this.#nap()
    }
  }

  #keep(pass: FullPass): void {
    const { store, residence, log } = this.#parts
    const unseen = new Set(pass.scans.filter(({ state }) => state !== 'finished').map(({ root }) => root))
    const volumes = this.#parts.plan.volumes.filter(({ display }) => unseen.has(display))
    const kept = this.#stored().filter(({ file }) => volumes.some(({ canonical }) => canonical === file.root))
    const { startedMs, finishedMs, scans, dropped } = pass
    const header = { startedMs, finishedMs, scans, indicatorsVersion: this.indicatorsVersion }
    store.replace(header, [...pass.found, ...kept].slice(0, residence.maxArtifacts), dropped)
    this.#standing.forget()
    this.#failures = 0
    this.#failed = []
    this.#dueMs = nextRun(residence, finishedMs, this.#nowMs())
    const files = scans.reduce((sum, scan) => sum + scan.files, 0)
    log.info({ files, artifacts: pass.found.length, duration_ms: finishedMs - startedMs }, 'sweep finished')
  }

  #giveUp(pass: RunningPass, error: unknown): void {
    const { store, residence, log } = this.#parts
    store.forgetBegun()
    if (this.#isEnding) return
    this.#failures++
    this.#dueMs = this.#nowMs() + retryDelay(residence, this.#failures)
    this.#failed = pass.scans().flatMap((scan) => (scan.state === 'pending' ? [] : [this.#asFailed(scan, error)]))
    log.warn({ err: error, failures: this.#failures, next_run: Math.floor(this.#dueMs / 1000) }, 'sweep failed')
  }

  #asFailed(scan: Scan, error: unknown): Scan {
    if (scan.state !== 'running') return scan
    const message = error instanceof Error ? error.message : String(error)
    const code = error instanceof HunterError ? error.code : 'io'
    const failure = { path: scan.root, code, message }
    return { ...scan, state: 'failed', finished: this.now(), skipped: 1, unexamined: 1, errors: [failure] }
  }
}
