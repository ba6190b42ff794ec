/**
 * The events themselves, in the order of their sequences: added at one end, walked from a cursor, freed at the other.
 *
 * Sequences are without gaps. A gap that a walk meets is damage; mending puts a frame of kind `lost` in its place, so
 * that it is counted once. Who has which event is not known here.
 */
import type { ResultEvent } from '../../extension/domain/result-event.ts'
import { type FrameView, framesIn, lostFrame, mostFrameBytes, writeFrame } from './event-frame.ts'
import { chunkBytes, type SpoolTables } from './spool-tables.ts'

/** A frame on a walk, or the place where one is missing. */
export type Step =
  | { readonly frame: FrameView; readonly buffer: Buffer; readonly hole?: undefined }
  | { readonly hole: Hole }

/** A gap: after which sequence, and the chunk whose frames come next; undefined at the end. */
export interface Hole {
  readonly after: number
  readonly chunk: number | undefined
}

/** A range of sequences, both ends included. */
export interface LostRange {
  readonly first: number
  readonly last: number
}

/** Scratch memory that is kept between appends. */
const keptScratchBytes = 1 << 20

/** The backlog over its table. */
export class Backlog {
  readonly #tables: SpoolTables
  #scratch = Buffer.allocUnsafeSlow(64 * 1024)

  constructor(tables: SpoolTables) {
    this.#tables = tables
  }

  /** Adds events behind `newest`; gives the bytes of their lines. A chunk holds what fits into a page, or one event. */
  add(
    events: readonly ResultEvent[],
    newest: number,
    stream: Uint8Array,
  ): { readonly bytes: number; readonly chunks: number } {
    const scratch = this.#room(events)
    let start = 0
    let at = 0
    let bytes = 0
    let chunks = 1
    let sequence = newest
    for (const event of events) {
      const end = writeFrame(scratch, at, event, ++sequence, stream)
      bytes += scratch.readUInt32LE(at + 12)
      if (end - start > chunkBytes && at > start) {
        this.#tables.putChunk(sequence - 1, scratch.subarray(start, at))
        start = at
        chunks++
      }
      at = end
    }
    if (at > start) this.#tables.putChunk(sequence, scratch.subarray(start, at))
    if (scratch.length > keptScratchBytes) this.#scratch = Buffer.allocUnsafeSlow(64 * 1024)
    return { bytes, chunks }
  }

  /** Frames after a sequence, up to `newest`. A hole ends the walk: mend it and walk again. */
  *walk(after: number, newest: number): Generator<Step> {
    let expected = after + 1
    for (const { last, frames } of this.#tables.chunksAfter(after)) {
      for (const frame of framesIn(frames)) {
        if (frame.sequence < expected) continue
        if (frame.first > expected) {
          yield { hole: { after: expected - 1, chunk: last } }
          return
        }
        yield { frame, buffer: frames }
        expected = frame.sequence + 1
      }
      if (last >= expected) {
        yield { hole: { after: expected - 1, chunk: last } }
        return
      }
    }
    if (expected <= newest) yield { hole: { after: expected - 1, chunk: undefined } }
  }

  /** Writes `lost` frames for what is missing; gives the ranges. Inside a transaction. */
  mend({ after, chunk }: Hole, newest: number, stream: Uint8Array): LostRange[] {
    const row = chunk === undefined ? undefined : this.#tables.chunk(chunk)
    // A chunk whose key was damaged may hold what is missing, and stand before its place.
    const strayed = this.#tables.chunkBefore(after)
    const pieces = [
      ...piecesOf(row?.frames).filter(({ first }) => first <= newest),
      ...piecesOf(strayed?.frames).filter(({ first }) => first > after),
    ].sort((one, other) => one.first - other.first)
    // Behind the last piece of a chunk the next chunk tells what is missing: its key may be what was damaged.
    const end = chunk === undefined ? newest : (pieces.at(-1)?.last ?? 0)
    const { frames, lost } = filled(pieces, after, end, stream)
    if (chunk !== undefined) this.#tables.deleteChunk(chunk)
    if (frames.length > 0) this.#tables.putChunk(end, Buffer.concat(frames))
    return lost
  }

  /** Frees chunks that nobody needs, the oldest `most` of them; says whether that were all. */
  free(upTo: number, most: number): boolean {
    return this.#tables.deleteChunks(upTo, most)
  }

  #room(events: readonly ResultEvent[]): Buffer {
    let most = 0
    for (const event of events) most += mostFrameBytes(event)
    if (this.#scratch.length < most) this.#scratch = Buffer.allocUnsafeSlow(most)
    return this.#scratch
  }
}

interface Piece extends LostRange {
  readonly bytes: Buffer
}

function piecesOf(frames: Buffer | undefined): Piece[] {
  if (!frames) return []
  return [...framesIn(frames)].map(({ first, sequence, start, end }) => ({
    first,
    last: sequence,
    bytes: frames.subarray(start, end),
  }))
}

/** Pieces in order, each once, with `lost` frames for what lies beyond `after` and is in none. */
function filled(
  pieces: readonly Piece[],
  after: number,
  end: number,
  stream: Uint8Array,
): { readonly frames: Buffer[]; readonly lost: LostRange[] } {
  const frames: Buffer[] = []
  const lost: LostRange[] = []
  let reached = 0
  const fill = (last: number) => {
    const first = Math.max(reached, after) + 1
    if (first > last) return
    lost.push({ first, last })
    frames.push(lostFrame(first, last, stream))
  }
  for (const piece of pieces) {
    if (piece.last <= reached) continue
    fill(piece.first - 1)
    frames.push(piece.bytes)
    reached = piece.last
  }
  fill(end)
  return { frames, lost }
}
