/**
 * A scan: one pass of one source over one root, and how complete it was.
 */
import type { PathText } from './path-text.ts'

/** Only `finished` counts as complete. `pending`: it will run, and has not begun. */
export type ScanState = 'pending' | 'running' | 'finished' | 'aborted' | 'failed'

/** Something that was not examined, by a permanent code of the engine contract. */
export interface ScanError {
  readonly path: PathText
  readonly code: string
  readonly message: string
}

/** One pass. Times are unix seconds; those of a `pending` one are 0. */
export interface Scan {
  /** What was swept: `places`, `full`, `paths`. */
  readonly scan: string
  readonly source: string
  readonly root: PathText
  readonly started: number
  readonly finished: number | undefined
  readonly state: ScanState
  /** Directory entries that are files, seen by name. */
  readonly files: number
  /** Bytes read. */
  readonly bytes: number
  /** Files opened and read. */
  readonly hashed: number
  /** Files answered from the hash cache. */
  readonly cached: number
  /** Everything reported as an error: selected files and directories that were not examined. */
  readonly skipped: number
  /** Those of `skipped` after which a clean answer would be a guess. */
  readonly unexamined: number
  /** The first errors, at most `maxScanErrors`. */
  readonly errors: readonly ScanError[]
  readonly truncated: boolean
  /** Milliseconds the pass took. */
  readonly durationMs: number
  readonly indicatorsVersion: string
  /** When a scan of this kind and root runs next by itself. */
  readonly nextRun?: number
  /** Files that the last complete scan of this kind and root saw: what `files` of a running one may come to. */
  readonly expectedFiles?: number
}

/** What a look beside the sweeps has to say of itself. */
export interface LookRecord {
  readonly source: string
  readonly root: PathText
  readonly startedMs: number
  readonly nowMs: number
  /** Files or processes. */
  readonly seen: number
  /** Each stands for `count` things, one unless told. */
  readonly errors: readonly (ScanError & { readonly count?: number })[]
  readonly indicatorsVersion: string
}

/** The record of a look that ended. */
export function lookScan({ source, root, startedMs, nowMs, seen, errors, indicatorsVersion }: LookRecord): Scan {
  const total = (some: LookRecord['errors']) => some.reduce((sum, { count = 1 }) => sum + count, 0)
  return {
    scan: 'places',
    source,
    root,
    started: Math.floor(startedMs / 1000),
    finished: Math.floor(nowMs / 1000),
    state: 'finished',
    files: seen,
    bytes: 0,
    hashed: 0,
    cached: 0,
    skipped: total(errors),
    unexamined: total(errors.filter(isBlinding)),
    errors: errors.slice(0, maxScanErrors).map(({ path, code, message }) => ({ path, code, message })),
    truncated: false,
    durationMs: nowMs - startedMs,
    indicatorsVersion,
  }
}

/** Errors kept per scan: enough to see a pattern, bounded on a hostile tree. */
export const maxScanErrors = 200

/**
 * Reasons after which a clean answer would be a guess. The others (a link, a pipe, a file that vanished, another file
 * system) leave nothing of the host unexamined that was promised.
 */
const blinding = new Set(['denied', 'io', 'timeout', 'too_big', 'too_deep', 'too_many', 'changed'])

/** Whether an error leaves something unexamined that the pass promised to examine. */
export function isBlinding(error: ScanError): boolean {
  return blinding.has(error.code)
}

/** Whether a pass saw everything it promised to see. */
export function isComplete(scan: Scan): boolean {
  return scan.state === 'finished' && !scan.truncated && scan.unexamined === 0
}

/** The scans, one of each identity: of two passes over one root within a second the later one counts. */
export function distinctScans(scans: readonly Scan[]): Scan[] {
  const key = (one: Scan) => JSON.stringify([one.scan, one.source, one.root, one.started, one.finished])
  return [...new Map(scans.map((one) => [key(one), one])).values()]
}
