/**
 * What is on this host now, without walking it: the last complete pass, corrected by a look at what can be looked at.
 *
 * The known places are examined live, which wins over what was stored; every other stored artifact is looked up by its
 * path. One that is unchanged stands, one that changed is judged anew, one that is gone is left out. Callers that come
 * at the same time share one look, which is good for some seconds.
 */
import type { Artifact } from '../domain/artifact.ts'
import type { PathText } from '../domain/path-text.ts'
import type { Scan } from '../domain/scan.ts'
import { type FileAt, type HuntPlan, hunt } from '../hunt.ts'
import type { EngineErrorCode, FileIdentity } from '../native/engine.ts'
import { untilAborted } from '../native/portable/patience.ts'
import { Remembered } from '../remembered.ts'
import { ArtifactList } from './artifact-list.ts'
import { pendingScan } from './full-pass.ts'
import type { StoredArtifact } from './pass-store.ts'
import type { Residence } from './residence.ts'

/** Everything that is known of the host at a moment. */
export interface Standing {
  /** One per path, gravest first. */
  readonly artifacts: readonly Artifact[]
  /** Records of the live look at the places. */
  readonly scans: readonly Scan[]
}

/** Files looked up by one call of the engine. */
const lookedUpAtOnce = 1024
/** Outcomes after which a file is known not to be there as it was. */
const gone: ReadonlySet<EngineErrorCode> = new Set(['vanished', 'not_regular', 'symlink'])

/** Answers, over one plan. */
export class StandingAnswer {
  readonly #plan: HuntPlan
  readonly #residence: Residence
  readonly #stored: () => readonly StoredArtifact[]
  readonly #closing: AbortSignal
  readonly #looks: Remembered<Standing>

  /** `stored` gives the artifacts of the last complete pass; `closing` ends every look. */
  constructor(plan: HuntPlan, residence: Residence, stored: () => readonly StoredArtifact[], closing: AbortSignal) {
    this.#plan = plan
    this.#residence = residence
    this.#stored = stored
    this.#closing = closing
    const times = { rememberMs: residence.rememberMs, timeoutMs: residence.liveTimeoutMs }
    this.#looks = new Remembered((signal) => this.#examine(signal), plan.clock, closing, times)
  }

  /** The answer for one caller, who may stop waiting while others go on. */
  get(signal: AbortSignal): Promise<Standing> {
    return this.#looks.get(signal)
  }

  /** Makes the next caller look again: a new pass was stored. */
  forget(): void {
    this.#looks.forget()
  }

  async #examine(signal: AbortSignal): Promise<Standing> {
    const list = new ArtifactList(2 * this.#residence.maxArtifacts)
    const changed = new Set(await this.#lookUp(list, signal))
    const scans: Scan[] = []
    for await (const event of hunt(this.#plan, { kind: 'places' }, signal)) {
      if (event.kind === 'scan') scans.push(event.scan)
      if (event.kind !== 'artifact') continue
      list.add(event)
      changed.delete(event.artifact.path)
    }
    if (changed.size > 0) {
      for await (const event of this.#judgeAnew([...changed], signal)) if (event.kind === 'artifact') list.add(event)
    }
    this.#closing.throwIfAborted()
    return { artifacts: list.all().map(({ artifact }) => artifact), scans: [...scans, ...this.#unseen(scans)] }
  }

  /** Records of the volumes that the time was too short for. */
  #unseen(scans: readonly Scan[]): Scan[] {
    const seen = new Set(scans.map((scan) => scan.root))
    const now = Math.floor(this.#plan.clock.nowMs() / 1000)
    const missed = { scan: 'places', state: 'aborted' as const, started: now, finished: now }
    return this.#plan.volumes
      .filter((volume) => !seen.has(volume.display))
      .map((volume) => ({ ...pendingScan(this.#plan, volume.display), ...missed }))
  }

  /** Adds the stored artifacts whose files are as they were; answers the paths of those that changed. */
  async #lookUp(list: ArtifactList, signal: AbortSignal): Promise<PathText[]> {
    const stored = this.#stored()
    const changed: PathText[] = []
    for (const [root, some] of Map.groupBy(stored, ({ file }) => file.root)) {
      for (let at = 0; at < some.length; at += lookedUpAtOnce) {
        const part = some.slice(at, at + lookedUpAtOnce)
        const files = part.map(({ file }) => file)
        const states = await this.#statesOf(root, files, signal)
        for (const [index, one] of part.entries()) {
          const state = states[index]
          if (state === 'gone') continue
          if (one.isCurrent && (state === undefined || isSame(state, one.file))) list.add(one)
          else changed.push(one.artifact.path)
        }
      }
    }
    return changed
  }

  /** What became of files: their identity, gone, or undefined where it cannot be told, which proves nothing. */
  async #statesOf(
    root: PathText,
    files: readonly FileAt[],
    signal: AbortSignal,
  ): Promise<readonly (FileIdentity | 'gone' | undefined)[]> {
    const refs = files.map(({ path }) => ({ root: 0, path }))
    const found = await untilAborted(signal, this.#plan.engine.stat([root], refs)).catch(() => undefined)
    if (signal.aborted) return files.map(() => undefined)
    if (found === undefined) return files.map(() => 'gone') // a volume that is not there any more
    return found.map((one) => ('code' in one ? (gone.has(one.code) ? 'gone' : undefined) : one))
  }

  #judgeAnew(paths: readonly PathText[], signal: AbortSignal) {
    return hunt(this.#plan, { kind: 'named', paths, directories: [], stretches: [], keep: () => true }, signal)
  }
}

function isSame(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs
}
