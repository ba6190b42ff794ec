/**
 * What a pass is asked for: where entries come from, what is selected, and the bounds.
 */
import { glob, matchesGlob } from '../domain/glob.ts'
import type { PathText } from '../domain/path-text.ts'
import type {
  EngineErrorCode,
  FileRef,
  Pace,
  ScanEngine,
  SettledFiles,
  WalkBatch,
  WalkEntry,
  WalkPlan,
} from '../native/engine.ts'
import type { Selection } from '../native/selection.ts'

/** Bounds of a pass. */
export interface SweepLimits {
  readonly maxDepth: number
  readonly maxEntries: number
  readonly maxFileBytes: number
  readonly fileTimeoutMs: number
  /** Absent: as fast as it goes. */
  readonly pace?: Pace
}

/** What nobody wants to change, and every operator can: all of a large disk, no file above 2 GiB, a minute a file. */
export const defaultLimits: SweepLimits = {
  maxDepth: 512,
  maxEntries: 100_000_000,
  maxFileBytes: 2 * 1024 ** 3,
  fileTimeoutMs: 60_000,
}

/** What to sweep. */
export interface SweepRequest {
  readonly roots: readonly PathText[]
  readonly selection: Selection
  readonly limits: SweepLimits
  /** Where entries come from: `walkTree` for trees, `statFiles` for single files. */
  readonly source: (signal: AbortSignal, settled?: SettledFiles) => AsyncIterable<WalkBatch>
  /** Files that are left out of the walk and only counted; absent: none. */
  readonly settled?: SettledFiles
}

/** The part of a walk that a selection and its limits leave open. */
export type TreeWalk = Pick<WalkPlan, 'roots' | 'ignoreCase' | 'skip' | 'mounts'>

/** A sweep of whole trees. `keep` drops entries that no rule can express away before anything is read. */
export function treeSweep(
  engine: ScanEngine,
  walk: TreeWalk,
  selection: Selection,
  limits: SweepLimits,
  keep?: (entry: WalkEntry) => boolean,
): SweepRequest {
  async function* source(signal: AbortSignal, settled?: SettledFiles): AsyncGenerator<WalkBatch, void, undefined> {
    const plan = { ...walk, rules: selection.rules, ...limits, ...(settled && { settled }) }
    for await (const batch of engine.walk(plan, signal)) {
      yield keep ? { entries: batch.entries.filter(keep), errors: batch.errors, progress: batch.progress } : batch
    }
  }
  return { roots: walk.roots, selection, limits, source }
}

/** A sweep of single files; directories and missing ones yield nothing, because nobody promised that they exist. */
export function fileSweep(
  engine: ScanEngine,
  roots: readonly PathText[],
  files: readonly FileRef[],
  selection: Selection,
  limits: SweepLimits,
): SweepRequest {
  const globs = selection.rules.map((rule) => glob(rule.pattern, true))
  const rulesFor = (entry: WalkEntry): number[] =>
    selection.rules.flatMap(({ minSize = 0, maxSize = Infinity }, at) => {
      const compiled = globs[at]
      const fits = minSize <= entry.size && entry.size <= maxSize
      return fits && compiled && matchesGlob(compiled, entry.path) ? [at] : []
    })
  async function* source(): AsyncGenerator<WalkBatch, void, undefined> {
    for (let at = 0; at < files.length; at += 1024) {
      const found = await engine.stat(roots, files.slice(at, at + 1024))
      const entries = found.flatMap((one) => ('code' in one ? [] : [{ ...one, rules: rulesFor(one) }]))
      const errors = found.flatMap((one) => ('code' in one && isWorthSaying(one.code) ? [one] : []))
      const counts = { entries: files.length, files: entries.length, selected: entries.length }
      yield { entries, errors, progress: { directories: 0, ...counts, settled: 0, truncated: false } }
    }
  }
  return { roots, selection, limits, source }
}

function isWorthSaying(code: EngineErrorCode): boolean {
  return code !== 'vanished' && code !== 'not_regular'
}
