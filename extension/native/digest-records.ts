/**
 * Digests of entries of a walk, as records side by side: what a pass over many files asks for.
 *
 * The same as a digest of items (engine.ts), for callers that make no object of a file before it means something.
 */
import type { PathText } from '../domain/path-text.ts'
import { digestRecord } from './digest-record.ts'
import type { DigestItem, EngineErrorCode, Pace, ScanEngine } from './engine.ts'
import type { EntryColumns } from './entry-columns.ts'
import type { Selection } from './selection.ts'

/** Entries of one walk batch that are to be digested. */
export interface ChosenEntries {
  readonly columns: EntryColumns
  /** Indexes into `columns`. */
  readonly chosen: readonly number[]
}

/** What to digest: at most 1024 entries, each as its rules say. */
export interface EntriesRequest {
  readonly roots: readonly PathText[]
  readonly parts: readonly ChosenEntries[]
  readonly selection: Pick<Selection, 'classes' | 'classesOfRule'>
  readonly maxFileBytes: number
  readonly fileTimeoutMs: number
  readonly pace?: Pace
}

/** One answer for every entry, in the order of the parts. */
export interface DigestRecords {
  /** Bytes read from all files. */
  readonly bytesRead: number
  /** What was read of a file (digest-record.ts); undefined: nothing, and `error` says why. */
  record(at: number): Buffer | undefined
  error(at: number): { readonly code: EngineErrorCode; readonly message: string } | undefined
}

/** The classes that rules ask for, each once. */
export function classesOf(
  { classesOfRule }: Pick<Selection, 'classesOfRule'>,
  rules: ArrayLike<number>,
): readonly number[] {
  if (rules.length === 1) return classesOfRule[rules[0] ?? 0] ?? []
  return [...new Set(Array.from(rules).flatMap((rule) => classesOfRule[rule] ?? []))]
}

/** By an engine that digests items. */
export async function digestRecords(
  engine: Pick<ScanEngine, 'digest'>,
  { roots, parts, selection, ...limits }: EntriesRequest,
  signal: AbortSignal,
): Promise<DigestRecords> {
  const items = parts.flatMap(({ columns, chosen }) =>
    chosen.map((at): DigestItem => {
      const entry = columns.entry(at)
      return { root: entry.root, path: entry.path, expected: entry, classes: classesOf(selection, entry.rules) }
    }),
  )
  const results = await engine.digest({ roots, items, classes: selection.classes, ...limits }, signal)
  return {
    bytesRead: results.reduce((sum, one) => sum + ('error' in one ? 0 : one.bytesRead), 0),
    record: (at) => {
      const one = results[at]
      return one === undefined || 'error' in one ? undefined : digestRecord(one)
    },
    error: (at) => {
      const one = results[at]
      return one !== undefined && 'error' in one ? { code: one.error, message: one.message } : undefined
    },
  }
}
