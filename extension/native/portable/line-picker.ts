/**
 * Picks the wanted lines out of text that comes in chunks: first lines, headings, and those that hold a string.
 *
 * Line by line. Of a line that is longer than wanted only as much is kept as a piece around a string may need.
 */
import type { FoundLine, LinesRequest } from '../lines.ts'
import type { StringSearch } from './string-search.ts'

/** Bytes of an unfinished line from which pieces are looked for in it. */
const patience = 256 * 1024

/** The line at hand. */
interface Current {
  /** Offset in the file of the first byte in view. */
  offset: number
  /** Bytes of the line before the view. */
  skipped: number
  /** Where the last piece ends, and where strings are looked for; in bytes of the line. */
  covered: number
  next: number
  isBegun: boolean
}

/** Picks; `unitBytes` is 2 for text that was UTF-16, whose offsets count otherwise. */
export class LinePicker {
  readonly #request: LinesRequest
  readonly #search: StringSearch
  readonly #prefix: Buffer
  readonly #unitBytes: 1 | 2
  #text: Buffer = Buffer.alloc(0)
  #line: Current
  #number = 0
  #counted = 0
  #found: FoundLine[] = []
  /** There are more lines than wanted. */
  isBeyond = false

  constructor(request: LinesRequest, search: StringSearch, offset: number, unitBytes: 1 | 2) {
    this.#request = request
    this.#search = search
    this.#prefix = Buffer.from(request.headingPrefix ?? '')
    this.#unitBytes = unitBytes
    this.#line = lineAt(offset)
  }

  /** Lines found since the last call. */
  take(): readonly FoundLine[] {
    const found = this.#found
    this.#found = []
    return found
  }

  /** Takes more text. At the end an unfinished line is a line. */
  push(chunk: Buffer, isEnd: boolean): void {
    const text = this.#text.length === 0 ? chunk : Buffer.concat([this.#text, chunk])
    let from = 0
    while (!this.isBeyond) {
      const lf = text.indexOf(10, from)
      if (lf < 0) break
      const end = lf > from && text[lf - 1] === 13 ? lf - 1 : lf
      this.#finish(text, from, end)
      this.#line = lineAt(this.#line.offset + this.#bytesOf(text, from, lf + 1))
      this.#number++
      from = lf + 1
    }
    if (isEnd) {
      if (from < text.length || this.#line.skipped > 0) this.#finish(text, from, text.length)
      this.#text = Buffer.alloc(0)
    } else {
      this.#text = Buffer.from(text.subarray(this.#advance(text, from)))
    }
  }

  #finish(text: Buffer, from: number, end: number): void {
    const { skipped } = this.#line
    const length = skipped + end - from
    if (length > this.#request.maxLineBytes) {
      this.#pieces(text, from, length, length)
      return
    }
    const isHeading = this.#isHeading(text, from, end)
    const isFound = this.#search.find(text, from, end, 0) !== undefined
    if (isFound || isHeading || this.#number < this.#request.headLines) {
      this.#add(text, from, from, end, false, isFound, isHeading)
    }
  }

  /** Gives what is sure of an unfinished line; the place from which it is still needed. */
  #advance(text: Buffer, from: number): number {
    const { maxLineBytes } = this.#request
    const line = this.#line
    const length = line.skipped + text.length - from
    if (text.length - from < 3 * maxLineBytes + patience) return from
    const sure = length - maxLineBytes - this.#search.longest - 2
    this.#pieces(text, from, length, sure)
    line.next = Math.max(line.next, sure)
    let kept = from + Math.max(0, line.next - maxLineBytes - line.skipped)
    while (this.#unitBytes === 2 && kept > from && ((text[kept] ?? 0) & 0xc0) === 0x80) kept--
    line.offset += this.#bytesOf(text, from, kept)
    line.skipped += kept - from
    return kept
  }

  /** Pieces of a long line around strings that begin before `sure`. */
  #pieces(text: Buffer, from: number, length: number, sure: number): void {
    const { maxLineBytes, headLines } = this.#request
    const line = this.#line
    /** From bytes of the line to bytes of the text. */
    const shift = from - line.skipped
    const end = shift + length
    if (!line.isBegun) {
      line.isBegun = true
      const isHeading = this.#isHeading(text, from, end)
      if (isHeading || this.#number < headLines) {
        const pieceEnd = this.#whole(text, from, from + maxLineBytes)
        const isFound = this.#search.find(text, from, pieceEnd, 0) !== undefined
        this.#add(text, from, from, pieceEnd, true, isFound, isHeading)
        line.covered = pieceEnd - shift
      }
    }
    for (;;) {
      const hit = this.#search.find(text, shift + line.next, end, shift + line.covered)
      if (hit === undefined || hit.start - shift >= sure) return
      const earliest = Math.max(line.covered + shift, hit.start - Math.floor(maxLineBytes / 2), shift)
      let start = Math.min(hit.start, earliest)
      while (this.#unitBytes === 2 && ((text[start] ?? 0) & 0xc0) === 0x80) start++
      const pieceEnd = Math.min(end, start + maxLineBytes)
      const wholeEnd = pieceEnd < end ? this.#whole(text, start, pieceEnd) : pieceEnd
      this.#add(text, from, start, wholeEnd, true, true, false)
      line.covered = wholeEnd - shift
      line.next = hit.start + 1 - shift
    }
  }

  /** The end without a character that is cut, where it is known that there are characters. */
  #whole(text: Buffer, start: number, end: number): number {
    let at = end
    while (this.#unitBytes === 2 && at > start && ((text[at] ?? 0) & 0xc0) === 0x80) at--
    return at
  }

  #isHeading(text: Buffer, from: number, end: number): boolean {
    const { length } = this.#prefix
    return length > 0 && end - from >= length && text.compare(this.#prefix, 0, length, from, from + length) === 0
  }

  #add(
    text: Buffer,
    from: number,
    start: number,
    end: number,
    isCut: boolean,
    isFound: boolean,
    isHeading: boolean,
  ): void {
    if (isFound || isHeading) {
      if (this.#counted >= this.#request.maxLines) this.isBeyond = true
      this.#counted++
    }
    if (this.isBeyond) return
    const offset = this.#line.offset + this.#bytesOf(text, from, start)
    this.#found.push({ offset, bytes: Uint8Array.from(text.subarray(start, end)), isCut, isFound })
  }

  /** Bytes that a piece of the text has in the file. */
  #bytesOf(text: Buffer, from: number, to: number): number {
    return this.#unitBytes === 1 ? to - from : 2 * text.toString('utf8', from, to).length
  }
}

function lineAt(offset: number): Current {
  return { offset, skipped: 0, covered: 0, next: 0, isBegun: false }
}
