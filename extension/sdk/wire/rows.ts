/**
 * The rows of an answer, encoded as they come.
 *
 * This is the one message that can be large, and the reason for an encoder of our own: Apache's package builds the
 * whole answer from small buffers, which takes 1.5 GB and holds the loop for 3 s per 100,000 rows of 16 columns. Here
 * a row goes straight into pieces of a mebibyte, and its text is not kept. The bytes are the package's: tests compare.
 *
 * Numbers are plain decimals: osquery reads a leading zero as octal. NULL is a key that is missing.
 */
import type { Cell } from '../columns.ts'

/** Rows on their way: how many, and the bytes of the list's elements in pieces. */
export interface EncodedRows {
  readonly count: number
  readonly bytes: number
  readonly pieces: readonly Uint8Array[]
}

/** An answer without rows. */
export const noRows: EncodedRows = { count: 0, bytes: 0, pieces: [] }

/** Bytes of a piece, and of the first: most answers are small. */
const pieceBytes = 1 << 20
const firstPieceBytes = 4096

/** A map of strings begins with the types of key and value, and its size. */
const mapHeader = 6
const stringType = 11

/** Longest text that is copied by character here instead of by the runtime: the border costs more below it. */
const shortText = 48

/** Encodes rows of one set of keys. */
export class RowEncoder {
  readonly #keys: readonly Uint8Array[]
  readonly #pieces: Uint8Array[] = []
  #piece: Buffer = Buffer.allocUnsafeSlow(firstPieceBytes)
  #at = 0
  #full = 0
  /** Where each row ends, counted from the first byte of all. */
  readonly #ends: number[] = []

  constructor(keys: readonly string[]) {
    this.#keys = keys.map((key) => prefixed(Buffer.from(key)))
  }

  get count(): number {
    return this.#ends.length
  }

  get bytes(): number {
    return this.#full + this.#at
  }

  /** Adds a row; cells are in the order of the keys. */
  add(cells: readonly Cell[]): void {
    this.#reserve(mapHeader)
    this.#piece[this.#at] = stringType
    this.#piece[this.#at + 1] = stringType
    const piece = this.#piece
    const sizeAt = this.#at + 2
    this.#at += mapHeader
    let size = 0
    for (let index = 0; index < this.#keys.length; index++) {
      const cell = cells[index]
      const key = this.#keys[index]
      if (cell === null || cell === undefined || key === undefined) continue
      this.#copy(key)
      this.#value(cell)
      size++
    }
    piece.writeInt32BE(size, sizeAt) // the piece may be full by now; it is the one the row began in
    this.#ends.push(this.bytes)
  }

  /** Adds a row with keys of its own. */
  addMap(row: Readonly<Record<string, string>>): void {
    const entries = Object.entries(row)
    this.#reserve(mapHeader)
    this.#piece[this.#at] = stringType
    this.#piece[this.#at + 1] = stringType
    this.#piece.writeInt32BE(entries.length, this.#at + 2)
    this.#at += mapHeader
    for (const [key, text] of entries) {
      this.#text(key)
      this.#text(text)
    }
    this.#ends.push(this.bytes)
  }

  /**
   * The rows so far; nothing can be added afterwards. `lastByte` replaces the last byte of every row: a mark in the last
   * column that can be set when the rows are known.
   */
  finish(lastByte?: string): EncodedRows {
    this.#close()
    if (lastByte !== undefined) this.#mark(lastByte.charCodeAt(0))
    return { count: this.#ends.length, bytes: this.#full, pieces: this.#pieces }
  }

  #mark(byte: number): void {
    let piece = 0
    let before = 0
    for (const end of this.#ends) {
      let bytes = this.#pieces[piece]
      while (bytes && end > before + bytes.length) {
        before += bytes.length
        bytes = this.#pieces[++piece]
      }
      if (bytes) bytes[end - before - 1] = byte
    }
  }

  #value(cell: string | number | bigint | Uint8Array): void {
    if (typeof cell === 'string') this.#text(cell)
    else if (cell instanceof Uint8Array) this.#copy(prefixed(cell))
    else this.#text(String(cell))
  }

  #text(text: string): void {
    const { length } = text
    if (length <= shortText && this.#ascii(text)) return
    const most = length * 3
    this.#reserve(4 + (most > pieceBytes ? Buffer.byteLength(text) : most))
    const written = this.#piece.write(text, this.#at + 4)
    this.#piece.writeInt32BE(written, this.#at)
    this.#at += 4 + written
  }

  /** Writes a short text if it is ASCII; otherwise nothing is written. */
  #ascii(text: string): boolean {
    const { length } = text
    this.#reserve(4 + length)
    const piece = this.#piece
    let at = this.#at + 4
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index)
      if (code > 0x7f) return false
      piece[at++] = code
    }
    piece[this.#at] = 0
    piece[this.#at + 1] = 0
    piece[this.#at + 2] = 0
    piece[this.#at + 3] = length
    this.#at = at
    return true
  }

  #copy(bytes: Uint8Array): void {
    const { length } = bytes
    this.#reserve(length)
    if (length > shortText) this.#piece.set(bytes, this.#at)
    else {
      const piece = this.#piece
      const at = this.#at
      for (let index = 0; index < length; index++) piece[at + index] = bytes[index] as number // below the length
    }
    this.#at += length
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#piece.length) return
    this.#close()
    this.#piece = Buffer.allocUnsafeSlow(Math.max(pieceBytes, length))
  }

  #close(): void {
    if (this.#at > 0) this.#pieces.push(this.#piece.subarray(0, this.#at))
    this.#full += this.#at
    this.#at = 0
  }
}

function prefixed(bytes: Uint8Array): Uint8Array {
  const all = Buffer.allocUnsafe(4 + bytes.length)
  all.writeInt32BE(bytes.length)
  all.set(bytes, 4)
  return all
}

/** Encodes rows given as maps, each with keys of its own. */
export function encodeMaps(rows: readonly Readonly<Record<string, string>>[]): EncodedRows {
  const encoder = new RowEncoder([])
  for (const row of rows) encoder.addMap(row)
  return encoder.finish()
}
