/**
 * How much of an answer is taken: rows, bytes of a cell, bytes of all cells.
 *
 * An answer may be larger than the memory of whoever asked, so it is measured while it comes and not afterwards: the
 * same way for rows out of the embedded engine and for rows off the wire. What is left out is said, never hidden.
 */

/** Bounds of an answer. */
export interface AnswerLimits {
  readonly maxRows: number
  /** Bytes of a cell in UTF-8; a longer one is cut between two characters and carries a marker. */
  readonly maxCellBytes: number
  /** Bytes of all cells that are kept; a row that does not fit ends the answer. */
  readonly maxBytes: number
}

/** Measures one answer. */
export class AnswerMeter {
  readonly limits: AnswerLimits
  #rows = 0
  #bytes = 0
  #rowBytes = 0
  #rowCuts = 0
  #cuts = 0
  #why: 'rows' | 'bytes' | undefined

  constructor(limits: AnswerLimits) {
    this.limits = limits
  }

  /** Whether one more row is wanted. */
  beginRow(): boolean {
    this.#rowBytes = 0
    this.#rowCuts = 0
    if (this.#rows < this.limits.maxRows) return true
    this.#why ??= 'rows'
    return false
  }

  /** How many bytes of a cell are taken. */
  cell(bytes: number): number {
    const taken = Math.min(bytes, this.limits.maxCellBytes)
    if (taken < bytes) this.#rowCuts++
    this.#rowBytes += taken
    return taken
  }

  /** Whether the row fits, now that its cells are known; nothing is wanted after one that does not. */
  endRow(): boolean {
    if (this.isOver) return false
    this.#rows++
    this.#bytes += this.#rowBytes
    this.#cuts += this.#rowCuts
    return true
  }

  /** Whether the row that is being read can no longer fit: the rest of it need not be read. */
  get isOver(): boolean {
    const isOver = this.#bytes + this.#rowBytes > this.limits.maxBytes
    if (isOver) this.#why ??= 'bytes'
    return isOver
  }

  /** Whether rows were left out: nothing more is wanted. */
  get isDone(): boolean {
    return this.#why !== undefined
  }

  /** What was left out, in words; undefined when nothing was. */
  get cut(): string | undefined {
    const { maxRows, maxBytes, maxCellBytes } = this.limits
    const parts: string[] = []
    if (this.#why === 'rows') parts.push(`rows after the first ${maxRows} were left out`)
    if (this.#why === 'bytes')
      parts.push(`rows after the first ${this.#rows} were left out: more than ${maxBytes} bytes`)
    if (this.#cuts > 0) parts.push(`${this.#cuts} cells were cut to ${maxCellBytes} bytes`)
    return parts.length === 0 ? undefined : parts.join('; ')
  }
}

/**
 * The text of a cell whose first bytes these are, with a marker when it had more. The marker tells the length, so that
 * the same cell reads the same every time.
 */
export function cellText(bytes: Buffer, length: number): string {
  if (bytes.length >= length) return bytes.toString('utf8')
  return `${wholeCharacters(bytes).toString('utf8')}... [cut: ${length} bytes]`
}

/** Without a character at the end that has only begun. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return needed > back ? bytes.subarray(0, bytes.length - back) : bytes
  }
  return bytes
}
