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
import { decimalBytes, writeDecimal } from '../decimal.ts'

/**
 * Rows on their way: how many, and the bytes of the list's elements in pieces. They are for one answer: pieces are given
 * to the thread that writes them, and their memory is given back when they are written.
 */
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

/** Longest text that is copied by character here: beyond it the runtime's own way, 35 ns a text, takes less. */
const shortText = 20
/** Longest bytes that are copied one by one, for the same reason. */
const shortBytes = 32

/** Encodes rows of one set of keys. */
export class RowEncoder {
  readonly #keys: readonly Uint8Array[]
  /** The same in words of 32 bits, filled up with zeros. */
  readonly #keyWords: readonly Int32Array[]
  readonly #pieces: Uint8Array[] = []
  #piece: Buffer = Buffer.allocUnsafeSlow(firstPieceBytes)
  #view = viewOf(this.#piece)
  #at = 0
  #full = 0
  /** Where each row ends, counted from the first byte of all. */
  readonly #ends: number[] = []

  constructor(keys: readonly string[]) {
    this.#keys = keys.map((key) => prefixed(Buffer.from(key)))
    this.#keyWords = this.#keys.map(wordsOf)
  }

  get count(): number {
    return this.#ends.length
  }

  get bytes(): number {
    return this.#full + this.#at
  }

  /** Adds a row; cells are in the order of the keys, those of `more` behind the others. */
  add(cells: readonly Cell[], more: readonly Cell[] = []): void {
    this.#reserve(mapHeader)
    this.#piece[this.#at] = stringType
    this.#piece[this.#at + 1] = stringType
    const view = this.#view
    const sizeAt = this.#at + 2
    this.#at += mapHeader
    let size = 0
    for (let index = 0; index < this.#keys.length; index++) {
      const cell = index < cells.length ? cells[index] : more[index - cells.length]
      const key = this.#keys[index]
      const words = this.#keyWords[index]
      if (cell === null || cell === undefined || key === undefined || words === undefined) continue
      this.#key(words, key.length)
      this.#value(cell)
      size++
    }
    view.setInt32(sizeAt, size) // the piece may be full by now; it is the one the row began in
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
    else if (typeof cell === 'number' && cell >= 0 && Number.isSafeInteger(cell)) this.#decimal(cell)
    else this.#text(String(cell))
  }

  #decimal(value: number): void {
    this.#reserve(4 + decimalBytes)
    const piece = this.#piece
    const from = this.#at + 4
    this.#at = writeDecimal(piece, from, value)
    this.#view.setInt32(from - 4, this.#at - from)
  }

  #text(text: string): void {
    const { length } = text
    if (length <= shortText && this.#ascii(text)) return
    const most = length * 3
    this.#reserve(4 + (most > pieceBytes ? Buffer.byteLength(text) : most))
    const written = this.#piece.write(text, this.#at + 4)
    this.#view.setInt32(this.#at, written)
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
    this.#view.setInt32(this.#at, length)
    this.#at = at
    return true
  }

  /** Copies word by word; what is written behind the key is overwritten by what follows it. */
  #key(words: Int32Array, length: number): void {
    this.#reserve(words.length * 4)
    const view = this.#view
    let at = this.#at
    for (let index = 0; index < words.length; index++, at += 4) view.setInt32(at, words[index] as number) // below the length
    this.#at += length
  }

  #copy(bytes: Uint8Array): void {
    const { length } = bytes
    this.#reserve(length)
    if (length > shortBytes) this.#piece.set(bytes, this.#at)
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
    this.#view = viewOf(this.#piece)
  }

  #close(): void {
    if (this.#at > 0) this.#pieces.push(this.#piece.subarray(0, this.#at))
    this.#full += this.#at
    this.#at = 0
  }
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length)
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const padded = Buffer.alloc(Math.ceil(bytes.length / 4) * 4)
  padded.set(bytes)
  return Int32Array.from({ length: padded.length / 4 }, (_, index) => padded.readInt32BE(index * 4))
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
