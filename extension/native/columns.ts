/**
 * Answers of the add-on in columns, read where they lie.
 *
 * For answers of many rows: numbers are views of the buffer that came, text and bytes are pieces of it. What every row
 * is, and that the first number says whether there is an answer at all, is in binding/src/pack.rs.
 */
import { type EngineErrorCode, engineErrorCodes } from './engine.ts'

/** Reads columns off a buffer, in the order they were written. */
export class Columns {
  readonly #bytes: Buffer
  #at = 0

  constructor(packed: Uint8Array) {
    const aligned = packed.byteOffset % 8 === 0 ? packed : packed.slice()
    this.#bytes = Buffer.from(aligned.buffer, aligned.byteOffset, aligned.byteLength)
  }

  floats(length: number): Float64Array {
    return new Float64Array(this.#bytes.buffer, this.#take(length * 8), length)
  }

  unsigned(length: number): BigUint64Array {
    return new BigUint64Array(this.#bytes.buffer, this.#take(length * 8), length)
  }

  signed(length: number): BigInt64Array {
    return new BigInt64Array(this.#bytes.buffer, this.#take(length * 8), length)
  }

  integers(length: number): Uint32Array {
    return new Uint32Array(this.#bytes.buffer, this.#take(length * 4), length)
  }

  /** The next bytes, not copied. */
  bytes(length: number): Buffer {
    const from = this.#at
    this.#at += length
    return this.#bytes.subarray(from, this.#at)
  }

  /** All bytes that are left, not copied. */
  rest(): Buffer {
    return this.bytes(this.#bytes.length - this.#at)
  }

  #take(length: number): number {
    const from = this.#bytes.byteOffset + this.#at
    this.#at += length
    return from
  }
}

/** Throws what failed the whole request; otherwise reads the rest of the header. */
export function header(columns: Columns, fields: number): Float64Array {
  const [status = 1] = columns.floats(1)
  if (status === 0) return columns.floats(fields)
  const [code = -1, length = 0] = columns.floats(2)
  throw failure(codeAt(code), columns.bytes(length).toString())
}

/** A single number. */
export function decodeCount(packed: Uint8Array): number {
  return header(new Columns(packed), 1)[0] ?? 0
}

/** An error of a whole request. */
export function failure(code: EngineErrorCode, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** The word for a number of the add-on. */
export function codeAt(index: number): EngineErrorCode {
  return engineErrorCodes[index] ?? 'io'
}
