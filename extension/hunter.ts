/**
 * The hunt as a service: runs each standing pass once per process, shares its results, answers named questions live.
 *
 * Tables and commands ask here. Two queries that need the same sweep at the same time wait for one sweep.
 */
import type { Artifact } from './domain/artifact.ts'
import type { Contact } from './domain/contact.ts'
import type { Execution } from './domain/execution.ts'
import type { HostState } from './domain/host-state.ts'
import { type HostVerdict, judgeHost } from './domain/host-verdict.ts'
import type { Indicator, IndicatorSet } from './domain/indicator.ts'
import type { Install } from './domain/install.ts'
import type { DigestAlgorithm } from './domain/observable.ts'
import type { PathText } from './domain/path-text.ts'
import type { TiedProcess } from './domain/process.ts'
import type { NamedFiles } from './domain/question.ts'
import { distinctScans, type Scan } from './domain/scan.ts'
import { type HuntEvent, type HuntPlan, hunt } from './hunt.ts'
import { LiveQuestions } from './live-questions.ts'
import { CpuBudget } from './native/cpu-budget.ts'
import { defaultTimes } from './remembered.ts'
import { Surroundings, type SurroundingsAnswer } from './surroundings.ts'
import type { ScanStore } from './sweep/scan-store.ts'
import type { HuntServices } from './tables/services.ts'

/** A finished standing pass. */
interface Standing {
  readonly artifacts: readonly Artifact[]
  readonly scans: readonly Scan[]
}

/** Everything a hunter is made from. */
export interface HunterParts {
  readonly plan: HuntPlan
  readonly scope: 'places' | 'full'
  readonly sets: readonly IndicatorSet[]
  readonly store: ScanStore
}

/** Implements what tables ask for, over one plan. */
export class Hunter implements HuntServices {
  readonly sets: readonly IndicatorSet[]
  readonly indicators: readonly Indicator[]
  readonly indicatorsVersion: string
  readonly #plan: HuntPlan
  readonly #scope: 'places' | 'full'
  readonly #store: ScanStore
  readonly #stored: readonly Scan[]
  readonly #questions: LiveQuestions
  readonly #surroundings: Surroundings
  readonly #standing = new Map<'places' | 'full', Promise<Standing>>()

  constructor(parts: HunterParts) {
    this.#plan = parts.plan
    this.#scope = parts.scope
    this.#store = parts.store
    this.#stored = parts.store.load()
    this.#questions = new LiveQuestions(parts.plan)
    const forever = { ...defaultTimes, rememberMs: Number.POSITIVE_INFINITY }
    this.#surroundings = new Surroundings(parts.plan, undefined, forever)
    this.sets = parts.sets
    this.indicators = parts.plan.indicators
    this.indicatorsVersion = parts.plan.indicatorsVersion
  }

  /** Runs the standing scope and yields as it goes; used by a caller that shows progress. Records the scans. */
  run(signal: AbortSignal): AsyncGenerator<HuntEvent, void, undefined> {
    return this.#pass(this.#scope, signal)
  }

  async *artifacts(signal: AbortSignal): AsyncGenerator<Artifact, void, undefined> {
    yield* (await this.#standingPass(this.#scope, signal)).artifacts
  }

  async *artifactsEverywhere(signal: AbortSignal): AsyncGenerator<Artifact, void, undefined> {
    yield* (await this.#standingPass('full', signal)).artifacts
  }

  namedArtifacts(question: NamedFiles, signal: AbortSignal): AsyncIterable<Artifact> {
    return this.#questions.artifacts(question, signal)
  }

  digests(artifact: Artifact, wanted: readonly DigestAlgorithm[], signal: AbortSignal): Promise<Artifact['digests']> {
    return this.#questions.digests(artifact, wanted, signal)
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
    return this.#surroundings.contactsIn(paths, source, signal)
  }

  executions(signal: AbortSignal, since?: number): Promise<readonly Execution[]> {
    return this.#surroundings.executions(signal, since)
  }

  executionsIn(paths: readonly PathText[], source: string | undefined, signal: AbortSignal) {
    return this.#surroundings.executionsIn(paths, source, signal)
  }

  async state(signal: AbortSignal, since?: number): Promise<HostState> {
    const [{ artifacts }, beside] = await Promise.all([
      this.#standingPass(this.#scope, signal),
      this.#surroundings.all(signal, since),
    ])
    return { artifacts, ...beside }
  }

  /** Everything beside the files, looked at once in the life of this hunter. */
  surroundings(signal: AbortSignal): Promise<SurroundingsAnswer> {
    return this.#surroundings.all(signal)
  }

  async scans(signal: AbortSignal): Promise<readonly Scan[]> {
    await this.#standingPass(this.#scope, signal)
    const standing = await Promise.all(this.#standing.values())
    const { scans } = await this.#surroundings.all(signal)
    const fresh = [...standing.flatMap((one) => one.scans), ...scans, ...this.#questions.scans]
    const isFresh = (old: Scan) => fresh.some((scan) => scan.scan === old.scan && scan.root === old.root)
    const roots = new Set(this.#plan.volumes.map((volume) => volume.display))
    return distinctScans([...fresh, ...this.#stored.filter((old) => roots.has(old.root) && !isFresh(old))])
  }

  async verdict(signal: AbortSignal): Promise<HostVerdict> {
    const [{ artifacts, scans }, beside] = await Promise.all([
      this.#standingPass(this.#scope, signal),
      this.#surroundings.all(signal),
    ])
    return judgeHost({ artifacts, ...beside }, [...scans, ...beside.scans])
  }

  now(): number {
    return Math.floor(this.#plan.clock.nowMs() / 1000)
  }

  /** One standing pass of a scope for everybody; a failed or aborted one is not kept, the next caller tries again. */
  #standingPass(scope: 'places' | 'full', signal: AbortSignal): Promise<Standing> {
    const known = this.#standing.get(scope)
    if (known) return known
    const pass = this.#collect(scope, signal)
    this.#standing.set(scope, pass)
    pass.catch(() => this.#standing.delete(scope))
    return pass
  }

  async #collect(scope: 'places' | 'full', signal: AbortSignal): Promise<Standing> {
    const artifacts: Artifact[] = []
    const scans: Scan[] = []
    for await (const event of this.#pass(scope, signal)) {
      if (event.kind === 'artifact') artifacts.push(event.artifact)
      if (event.kind === 'scan') scans.push(event.scan)
    }
    signal.throwIfAborted()
    return { artifacts, scans }
  }

  async *#pass(scope: 'places' | 'full', signal: AbortSignal): AsyncGenerator<HuntEvent, void, undefined> {
    const { pace } = this.#plan.limits
    const budget = pace && new CpuBudget(pace.cpuShare)
    for await (const event of hunt(this.#plan, { kind: scope }, signal)) {
      if (event.kind === 'scan') this.#store.save(event.scan)
      yield event
      await budget?.rest(signal).catch(() => {}) // aborted: the hunt ends by itself, with the scans it had
    }
  }
}
