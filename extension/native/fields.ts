/**
 * Answers of the add-on that mix numbers, text and bytes, taken off field by field.
 *
 * For answers of few rows; those of thousands are columns (native.ts), which cost nothing per row.
 */
import { endianness } from 'node:os'

/** The add-on writes numbers as its processor keeps them. */
const isLittleEndian = endianness() === 'LE'

/** Takes fields off a buffer, in the order and byte order that they were written in. */
export class Fields {
  readonly #bytes: Buffer
  readonly #view: DataView
  #at = 0

  constructor(packed: Uint8Array) {
    this.#bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
    this.#view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  }

  float(): number {
    this.#at += 8
    return this.#view.getFloat64(this.#at - 8, isLittleEndian)
  }

  integer(): number {
    this.#at += 4
    return this.#view.getUint32(this.#at - 4, isLittleEndian)
  }

  list<T>(length: number, take: () => T): T[] {
    return Array.from({ length }, take)
  }

  bytes(length: number): Buffer {
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** As `bytes`, for others. */
  view(length: number): Uint8Array {
    const { buffer, byteOffset } = this.bytes(length)
    return new Uint8Array(buffer, byteOffset, length)
  }

  text(length: number): string {
    return this.bytes(length).toString()
  }
}
