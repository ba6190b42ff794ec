/**
 * One pass: walk, leave out what is settled, ask the cache, digest what it does not know.
 *
 * Some digest batches are kept in flight while the walk goes on, so that the engine's threads never wait for us and
 * memory is bounded by batches, not by the tree. The pass knows no indicator: it yields files with their digests, and
 * totals; what they mean is decided elsewhere.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { digestAt, recordHead } from '../native/digest-record.ts'
import { classesOf, type DigestRecords } from '../native/digest-records.ts'
import type { DigestClass, EngineErrorCode, FileRef, ScanEngine, WalkProgress } from '../native/engine.ts'
import { type EntryColumns, listed } from '../native/entry-columns.ts'
import type { Selection } from '../native/selection.ts'
import { type HashCache, noCache } from './hash-cache.ts'
import type { SweepRequest } from './request.ts'
import { type FileSlot, SweptFiles } from './swept-files.ts'

export type { SweptFile } from './swept-files.ts'

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
  readonly files: SweptFiles
  readonly errors: readonly SweepError[]
  readonly progress: SweepProgress
}

/**
 * Files per digest call, and what they may weigh together: enough large ones to fill the lanes of two threads, and so few
 * that they are seen to move.
 */
const digestBatch = { files: 512, bytes: 1 << 30 }
/** The same for a paced pass, which may take minutes for a large file: it must be seen to move, and to stand still. */
const pacedDigestBatch = { files: 16, bytes: 64 << 20 }
const inFlight = 3
/** Cache look-ups before others get a turn on the event loop: 256 take a millisecond or so. */
const looksPerTurn = 256

interface Digesting {
  readonly parts: readonly Part[]
  readonly records: Promise<DigestRecords>
}

interface Part {
  readonly columns: EntryColumns
  readonly chosen: number[]
}

/** Runs a pass. Aborting rejects with the signal's reason; whatever was yielded before stands. */
export async function* sweep(
  engine: ScanEngine,
  cache: HashCache,
  request: SweepRequest,
  signal: AbortSignal,
): AsyncGenerator<SweepBatch, void, undefined> {
  const { roots, selection, limits } = request
  const most = limits.pace === undefined ? digestBatch : pacedDigestBatch
  // What this pass puts into an empty cache it never asks for.
  const known = cache.isEmpty ? noCache : cache
  const totals = { hashed: 0, cached: 0, bytes: 0 }
  let progress: WalkProgress = { directories: 0, entries: 0, files: 0, selected: 0, settled: 0, truncated: false }
  let waiting = new Waiting()
  const pending: Digesting[] = []

  const soFar = (): SweepProgress => ({ ...progress, ...totals, cached: totals.cached + progress.settled })

  const dispatch = (): void => {
    const { parts } = waiting
    waiting = new Waiting()
    const records = engine.digestEntries({ roots, parts, selection, ...limits }, signal)
    records.catch(() => {}) // looked at when its turn comes
    pending.push({ parts, records })
  }

  const settle = async (): Promise<SweepBatch | undefined> => {
    const oldest = pending.shift()
    if (oldest === undefined) return undefined
    const records = await oldest.records
    const { slots, errors, read } = collect(oldest.parts, records)
    cache.putRecords(read)
    await nextTurn() // thousands of rows were written at once, and the next answer may have come already
    totals.hashed += read.length
    totals.bytes += records.bytesRead
    return { files: new SweptFiles(slots), errors, progress: soFar() }
  }

  for await (const walked of request.source(signal, request.settled)) {
    progress = walked.progress
    const columns = walked.columns ?? listed(walked.entries)
    let errors = walked.errors
    for (let from = 0; from === 0 || from < columns.length; from += looksPerTurn) {
      const { ready, unread } = lookUp(known, selection, columns, from)
      totals.cached += ready.reduce((sum, one) => sum + Number(one.record !== undefined), 0)
      if (from > 0 && known !== noCache) await nextTurn()
      if (ready.length > 0 || from === 0) yield { files: new SweptFiles(ready), errors, progress: soFar() }
      errors = []
      for (const at of unread) {
        waiting.add(columns, at)
        if (waiting.files < most.files && waiting.bytes < most.bytes) continue
        if (pending.length >= inFlight) yield* given(await settle())
        dispatch()
      }
    }
  }
  if (waiting.files > 0) dispatch()
  while (pending.length > 0) yield* given(await settle())
}

function* given(batch: SweepBatch | undefined): Generator<SweepBatch, void, undefined> {
  if (batch) yield batch
}

/** Entries for the next digest call. */
class Waiting {
  readonly parts: Part[] = []
  files = 0
  bytes = 0

  add(columns: EntryColumns, at: number): void {
    this.files++
    this.bytes += columns.size(at)
    const last = this.parts.at(-1)
    if (last?.columns === columns) last.chosen.push(at)
    else this.parts.push({ columns, chosen: [at] })
  }
}

/** What needs no reading, from some entries on: files nobody wants opened, and those that the cache knows enough of. */
function lookUp(
  cache: HashCache,
  selection: Selection,
  columns: EntryColumns,
  from: number,
): { readonly ready: FileSlot[]; readonly unread: number[] } {
  const ready: FileSlot[] = []
  const wanted: number[] = []
  const to = Math.min(from + looksPerTurn, columns.length)
  for (let at = from; at < to; at++) {
    if (classesOf(selection, columns.rules(at)).length > 0) wanted.push(at)
    else ready.push({ columns, at, record: undefined })
  }
  if (cache === noCache) return { ready, unread: wanted }
  const found = cache.find(wanted.map((at) => columns.entry(at)))
  const unread: number[] = []
  for (const [index, at] of wanted.entries()) {
    const one = found[index]
    if (one && holdsAll(one.record, classesOf(selection, columns.rules(at)), selection.classes)) {
      ready.push({ columns, at, ...one })
    } else unread.push(at)
  }
  return { ready, unread }
}

/** Whether a record holds every digest that its head would now be given. */
function holdsAll(record: Buffer, classes: readonly number[], all: readonly DigestClass[]): boolean {
  const head = recordHead(record)
  const hex = Buffer.from(head.buffer, head.byteOffset, head.length).toString('hex')
  return classes.every((index) => {
    const wanted = all[index]
    if (wanted?.magics && !wanted.magics.some((magic) => hex.startsWith(magic))) return true
    return wanted?.algorithms.every((algorithm) => digestAt(record, algorithm) !== undefined) ?? true
  })
}

function collect(
  parts: readonly Part[],
  records: DigestRecords,
): { readonly slots: FileSlot[]; readonly errors: SweepError[]; readonly read: Buffer[] } {
  const slots: FileSlot[] = []
  const errors: SweepError[] = []
  const read: Buffer[] = []
  let index = 0
  for (const { columns, chosen } of parts) {
    for (const at of chosen) {
      const record = records.record(index)
      const error = record === undefined ? records.error(index) : undefined
      index++
      if (record !== undefined) read.push(record)
      if (error !== undefined) {
        const { root, path } = columns.entry(at)
        errors.push({ root, path, ...error })
      }
      slots.push({ columns, at, record }) // of one that could not be read, name and size may still say enough
    }
  }
  return { slots, errors, read }
}
