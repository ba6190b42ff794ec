/**
 * Questions that are answered from the disk at once: files somebody names, and digests nobody had computed.
 *
 * Whatever scope stands and however old the last pass is, who names a path or a directory wants to know it now.
 */
import type { Artifact } from './domain/artifact.ts'
import { HunterError } from './domain/errors.ts'
import type { DigestAlgorithm } from './domain/observable.ts'
import type { FileQuestion, NamedFiles } from './domain/question.ts'
import type { Scan } from './domain/scan.ts'
import { type HuntPlan, hunt } from './hunt.ts'
import { selectPattern } from './indicators/compile.ts'
import { planPasses } from './passes.ts'
import { sweep } from './sweep/sweep.ts'

/** Records of named passes that are kept. */
const maxScans = 100

/** Answers over one plan. */
export class LiveQuestions {
  readonly #plan: HuntPlan
  readonly #scans: Scan[] = []

  constructor(plan: HuntPlan) {
    this.#plan = plan
  }

  /** Records of the last named passes, oldest first. */
  get scans(): readonly Scan[] {
    return this.#scans
  }

  /** Artifacts among exactly the named files, one per path. */
  async *artifacts(question: NamedFiles, signal: AbortSignal): AsyncGenerator<Artifact, void, undefined> {
    const seen = new Set<string>()
    for await (const event of hunt(this.#plan, question, signal)) {
      if (event.kind === 'scan') this.#keep(event.scan, signal)
      if (event.kind !== 'artifact' || seen.has(event.artifact.path)) continue
      seen.add(event.artifact.path)
      yield event.artifact
    }
  }

  /** Digests of one file that a sweep had no reason to compute, beside those it has. */
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

  /** Named passes that failed must not look like an empty answer. */
  #keep(scan: Scan, signal: AbortSignal): void {
    this.#scans.push(scan)
    if (this.#scans.length > maxScans) this.#scans.shift()
    if (scan.state !== 'failed') return
    signal.throwIfAborted()
    const [error] = scan.errors
    throw new HunterError('root_unusable', `cannot examine ${scan.root}: ${error?.message ?? 'the pass failed'}`)
  }
}
