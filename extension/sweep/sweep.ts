/**
 * One pass: walk, leave out what is settled, ask the cache, digest what it does not know.
 *
 * Two digest batches are kept in flight while the walk goes on, so that the engine's threads never wait for us and
 * memory is bounded by batches, not by the tree. The pass knows no indicator: it yields files with their digests, and
 * totals; what they mean is decided elsewhere.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DigestAlgorithm } from '../domain/observable.ts'
import type {
  DigestClass,
  DigestedFile,
  DigestItem,
  DigestResult,
  EngineErrorCode,
  FileRef,
  ScanEngine,
  WalkEntry,
  WalkProgress,
} from '../native/engine.ts'
import type { Selection } from '../native/selection.ts'
import type { HashCache } from './hash-cache.ts'
import type { SweepRequest } from './request.ts'

/** One file that was selected, and its digests where any were asked for and the head allowed them. */
export interface SweptFile {
  readonly entry: WalkEntry
  readonly head: Uint8Array
  readonly digests: Readonly<Partial<Record<DigestAlgorithm, string>>>
  /** Whether head and digests are known, from the file or from the cache: it was to be opened, and could be. */
  readonly isRead: boolean
  /** Version of the examination that saw nothing in this state of the file. */
  readonly plainFor?: number
}

/** One thing that was not examined. */
export interface SweepError extends FileRef {
  readonly code: EngineErrorCode
  readonly message: string
}

/** Totals so far. */
export interface SweepProgress extends WalkProgress {
  readonly hashed: number
  /** Known from the cache, or settled. */
  readonly cached: number
  readonly bytes: number
}

/** One pull. */
export interface SweepBatch {
  readonly files: readonly SweptFile[]
  readonly errors: readonly SweepError[]
  readonly progress: SweepProgress
}

/** Cache look-ups before others get a turn on the event loop: 64 take at most three milliseconds or so. */
const looksPerTurn = 64
/** Files per digest call: small enough that a batch of large ones is seen to move. */
const digestBatch = 256
/** The same for a paced pass, which may take minutes for a large file: it must be seen to move, and to stand still. */
const pacedDigestBatch = 16
const inFlight = 3

interface Digesting {
  readonly entries: readonly WalkEntry[]
  readonly results: Promise<readonly DigestResult[]>
}

/** Runs a pass. Aborting rejects with the signal's reason; whatever was yielded before stands. */
export async function* sweep(
  engine: ScanEngine,
  cache: HashCache,
  request: SweepRequest,
  signal: AbortSignal,
): AsyncGenerator<SweepBatch, void, undefined> {
  const { selection, limits } = request
  const batchSize = limits.pace === undefined ? digestBatch : pacedDigestBatch
  const totals = { hashed: 0, cached: 0, bytes: 0 }
  let progress: WalkProgress = { directories: 0, entries: 0, files: 0, selected: 0, settled: 0, truncated: false }
  const waiting: WalkEntry[] = []
  const pending: Digesting[] = []

  const soFar = (): SweepProgress => ({ ...progress, ...totals, cached: totals.cached + progress.settled })

  const dispatch = (entries: WalkEntry[]): void => {
    const items: DigestItem[] = entries.map((entry) => ({
      root: entry.root,
      path: entry.path,
      expected: entry,
      classes: classesOf(selection, entry),
    }))
    const results = engine.digest({ roots: request.roots, items, classes: selection.classes, ...limits }, signal)
    results.catch(() => {}) // looked at when its turn comes
    pending.push({ entries, results })
  }

  const settle = async (): Promise<SweepBatch> => {
    const { entries, results } = pending.shift() ?? { entries: [], results: Promise.resolve([]) }
    const batch = collect(entries, await results)
    cache.put(batch.read)
    totals.hashed += batch.read.length
    totals.bytes += batch.read.reduce((sum, file) => sum + file.bytesRead, 0)
    return { files: batch.files, errors: batch.errors, progress: soFar() }
  }

  for await (const walked of request.source(signal, request.settled)) {
    progress = walked.progress
    let ready: SweptFile[] = []
    let errors = walked.errors
    for (const [at, entry] of walked.entries.entries()) {
      if (at % looksPerTurn === looksPerTurn - 1) {
        yield { files: ready, errors, progress: soFar() }
        ready = []
        errors = []
        await nextTurn()
      }
      const classes = classesOf(selection, entry)
      const known = classes.length === 0 ? nothingRead : fromCache(cache, entry, classes, selection.classes)
      if (known === undefined) waiting.push(entry)
      else {
        if (classes.length > 0) totals.cached++
        ready.push({ entry, ...known })
      }
    }
    yield { files: ready, errors, progress: soFar() }
    while (waiting.length >= batchSize) {
      if (pending.length >= inFlight) yield await settle()
      dispatch(waiting.splice(0, batchSize))
    }
  }
  if (waiting.length > 0) dispatch(waiting.splice(0))
  while (pending.length > 0) yield await settle()
}

const nothingRead = { head: new Uint8Array(), digests: {}, isRead: false }

function classesOf(selection: Selection, entry: WalkEntry): number[] {
  const first = entry.rules[0]
  if (entry.rules.length === 1 && first !== undefined) return [...(selection.classesOfRule[first] ?? [])]
  return [...new Set(entry.rules.flatMap((rule) => selection.classesOfRule[rule] ?? []))]
}

/** The cached state of a file, if it holds every digest that its head would now be given. */
function fromCache(
  cache: HashCache,
  entry: WalkEntry,
  classes: readonly number[],
  all: readonly DigestClass[],
): Omit<SweptFile, 'entry'> | undefined {
  const known = cache.get(entry)
  if (known === undefined) return undefined
  const hex = Buffer.from(known.head).toString('hex')
  for (const index of classes) {
    const wanted = all[index]
    if (wanted?.magics && !wanted.magics.some((magic) => hex.startsWith(magic))) continue
    if (wanted?.algorithms.some((algorithm) => known.digests[algorithm] === undefined)) return undefined
  }
  return { ...known, isRead: true }
}

function collect(
  entries: readonly WalkEntry[],
  results: readonly DigestResult[],
): { files: SweptFile[]; errors: SweepError[]; read: DigestedFile[] } {
  const files: SweptFile[] = []
  const errors: SweepError[] = []
  const read: DigestedFile[] = []
  for (const [at, entry] of entries.entries()) {
    const result = results[at]
    if (result === undefined) continue
    if ('error' in result) {
      errors.push({ root: entry.root, path: entry.path, code: result.error, message: result.message })
      files.push({ entry, ...nothingRead }) // its name and size may still say enough
    } else {
      read.push(result)
      files.push({ entry, head: result.head, digests: result.digests, isRead: true })
    }
  }
  return { files, errors, read }
}
