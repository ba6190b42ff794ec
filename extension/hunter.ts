/**
 * The hunt as a service: runs each standing pass once per process, shares its results, answers named questions live.
 *
 * Tables and commands ask here. Two queries that need the same sweep at the same time wait for one sweep.
 */
import type { Artifact } from './domain/artifact.ts'
import { HunterError } from './domain/errors.ts'
import { type HostVerdict, judgeHost } from './domain/host-verdict.ts'
import type { Indicator, IndicatorSet } from './domain/indicator.ts'
import type { DigestAlgorithm } from './domain/observable.ts'
import type { FileQuestion, NamedFiles } from './domain/question.ts'
import type { Scan } from './domain/scan.ts'
import { type HuntEvent, type HuntPlan, hunt } from './hunt.ts'
import { selectPattern } from './indicators/compile.ts'
import { planPasses } from './passes.ts'
import type { ScanStore } from './sweep/scan-store.ts'
import { sweep } from './sweep/sweep.ts'
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
  readonly #named: Scan[] = []
  readonly #standing = new Map<'places' | 'full', Promise<Standing>>()

  constructor(parts: HunterParts) {
    this.#plan = parts.plan
    this.#scope = parts.scope
    this.#store = parts.store
    this.#stored = parts.store.load()
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

  async *namedArtifacts(question: NamedFiles, signal: AbortSignal): AsyncGenerator<Artifact, void, undefined> {
    const seen = new Set<string>()
    for await (const event of hunt(this.#plan, question, signal)) {
      if (event.kind === 'scan') this.#keepNamed(event.scan, signal)
      if (event.kind !== 'artifact' || seen.has(event.artifact.path)) continue
      seen.add(event.artifact.path)
      yield event.artifact
    }
  }

  async digests(
    artifact: Artifact,
    wanted: readonly DigestAlgorithm[],
    signal: AbortSignal,
  ): Promise<Artifact['digests']> {
    const question: FileQuestion = {
      kind: 'named',
      paths: [artifact.path],
      directories: [],
      stretches: [],
      keep: () => true,
    }
    for (const pass of await planPasses(this.#plan, question)) {
      const { rules, classesOfRule } = selectPattern(this.#plan.indicators, ['**'])
      const selection = { rules, classesOfRule, classes: [{ algorithms: wanted }] }
      for await (const batch of sweep(this.#plan.engine, this.#plan.cache, { ...pass.request, selection }, signal)) {
        for (const file of batch.files) return { ...artifact.digests, ...file.digests }
      }
    }
    return artifact.digests
  }

  async scans(signal: AbortSignal): Promise<readonly Scan[]> {
    await this.#standingPass(this.#scope, signal)
    const standing = await Promise.all(this.#standing.values())
    const fresh = [...standing.flatMap((one) => one.scans), ...this.#named]
    const isFresh = (old: Scan) => fresh.some((scan) => scan.scan === old.scan && scan.root === old.root)
    const roots = new Set(this.#plan.volumes.map((volume) => volume.display))
    return [...fresh, ...this.#stored.filter((old) => roots.has(old.root) && !isFresh(old))]
  }

  async verdict(signal: AbortSignal): Promise<HostVerdict> {
    const { artifacts, scans } = await this.#standingPass(this.#scope, signal)
    return judgeHost(artifacts, scans)
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
    for await (const event of hunt(this.#plan, { kind: scope }, signal)) {
      if (event.kind === 'scan') this.#store.save(event.scan)
      yield event
    }
  }

  /** Named passes that failed must not look like an empty answer. */
  #keepNamed(scan: Scan, signal: AbortSignal): void {
    this.#named.push(scan)
    if (this.#named.length > 100) this.#named.shift()
    if (scan.state !== 'failed') return
    signal.throwIfAborted()
    const [error] = scan.errors
    throw new HunterError('root_unusable', `cannot examine ${scan.root}: ${error?.message ?? 'the pass failed'}`)
  }
}
