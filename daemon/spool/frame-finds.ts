/**
 * Frames found in a damaged file: where each event is, and all of them written once, in order.
 *
 * Found are numbers only, 24 bytes an event; the bytes are read again when they are written.
 */
import type { Remains } from '../store/salvage/remains.ts'
import { pageSize } from '../store/store-file.ts'
import type { LostRange } from './backlog.ts'
import { type FrameView, frameAt, framesIn } from './event-frame.ts'
import { chunkBytes } from './spool-tables.ts'

/** Finds over one damaged file. */
export class FrameFinds {
  readonly #remains: Remains
  readonly #sequences: number[] = []
  /** Image of a page; below zero: a row, by its place in `#rows`. */
  readonly #places: number[] = []
  readonly #starts: number[] = []
  readonly #rows: { readonly page: number; readonly cell: number }[] = []
  readonly #lost: LostRange[] = []
  oldest = 0
  newest = 0
  #lastImage: { readonly at: number; readonly bytes: Buffer } | undefined

  constructor(remains: Remains) {
    this.#remains = remains
  }

  /** Frames in the bytes of every page. */
  searchImages(): void {
    for (let at = 0; at < this.#remains.imageCount; at++) {
      for (const frame of framesIn(this.#remains.image(at))) this.#add(frame, at)
    }
  }

  /** Frames in a row that is longer than a page; those of shorter rows are found in the pages. */
  searchRow(value: unknown, page: number, cell: number): void {
    if (!(value instanceof Uint8Array) || value.length < pageSize - 64) return
    this.#rows.push({ page, cell })
    for (const frame of framesIn(Buffer.from(value))) this.#add(frame, -this.#rows.length)
  }

  /** Hands over chunks of all frames after `floor`, each sequence once, in their order. */
  write(floor: number, putChunk: (last: number, frames: Buffer) => void): void {
    const order = Uint32Array.from(this.#sequences.keys()).sort(
      (a, b) => (this.#sequences[a] ?? 0) - (this.#sequences[b] ?? 0),
    )
    const lost = this.#lost.toSorted((one, other) => one.first - other.first)
    let chunk: Buffer[] = []
    let bytes = 0
    let reached = floor
    const flush = () => {
      if (chunk.length > 0) putChunk(reached, Buffer.concat(chunk))
      chunk = []
      bytes = 0
    }
    let nextLost = 0
    for (const find of order) {
      const sequence = this.#sequences[find] ?? 0
      if (sequence <= reached) continue
      while ((lost[nextLost]?.last ?? Number.POSITIVE_INFINITY) < sequence) nextLost++
      const range = lost[nextLost]
      // What was counted as lost stays lost, even where it is found now.
      if (range && range.first <= sequence && range.last > sequence) continue
      const frame = this.#bytes(find)
      if (!frame) continue
      if (bytes + frame.length > chunkBytes) flush()
      chunk.push(frame)
      bytes += frame.length
      reached = sequence
    }
    flush()
  }

  #add(frame: FrameView, place: number): void {
    if (!Number.isSafeInteger(frame.sequence) || frame.sequence < 1) return
    if (frame.isLost) this.#lost.push({ first: frame.first, last: frame.sequence })
    this.#sequences.push(frame.sequence)
    this.#places.push(place)
    this.#starts.push(frame.start)
    this.newest = Math.max(this.newest, frame.sequence)
    this.oldest = this.oldest === 0 ? frame.first : Math.min(this.oldest, frame.first)
  }

  #bytes(find: number): Buffer | undefined {
    const place = this.#places[find] ?? 0
    const start = this.#starts[find] ?? 0
    const bytes = place < 0 ? this.#rowBytes(-place - 1) : this.#imageBytes(place)
    const frame = bytes && frameAt(bytes, start)
    return frame && Buffer.from(bytes.subarray(start, frame.end))
  }

  #rowBytes(at: number): Buffer | undefined {
    const row = this.#rows[at]
    const value = row && this.#remains.leaf(row.page, row.cell)?.values[1]
    return value instanceof Uint8Array ? Buffer.from(value) : undefined
  }

  #imageBytes(at: number): Buffer {
    if (this.#lastImage?.at !== at) this.#lastImage = { at, bytes: this.#remains.image(at) }
    return this.#lastImage.bytes
  }
}
