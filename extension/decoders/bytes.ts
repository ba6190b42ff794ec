/**
 * Bytes with every access checked: the only way decoders touch hostile input.
 *
 * An offset or count taken from a file may be anything up to 2^64. Each accessor answers `undefined` outside the
 * bytes, so a wrong number ends in a refusal, never in a wrong value, an exception or an allocation.
 */

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const utf16le = new TextDecoder('utf-16le', { ignoreBOM: true })
const utf16be = new TextDecoder('utf-16be', { ignoreBOM: true })

/** A checked view of some bytes in one byte order. Copies nothing. */
export class Bytes {
  readonly data: Uint8Array
  readonly littleEndian: boolean
  readonly #view: DataView

  constructor(data: Uint8Array, littleEndian = true) {
    this.data = data
    this.littleEndian = littleEndian
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  }

  get length(): number {
    return this.data.length
  }

  u8(at: number): number | undefined {
    return this.#holds(at, 1) ? this.#view.getUint8(at) : undefined
  }

  u16(at: number): number | undefined {
    return this.#holds(at, 2) ? this.#view.getUint16(at, this.littleEndian) : undefined
  }

  u32(at: number): number | undefined {
    return this.#holds(at, 4) ? this.#view.getUint32(at, this.littleEndian) : undefined
  }

  /** A 64-bit number; undefined too when it is above 2^53 - 1, which no offset or size in a real file is. */
  u64(at: number): number | undefined {
    if (!this.#holds(at, 8)) return undefined
    const value = this.#view.getBigUint64(at, this.littleEndian)
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : undefined
  }

  /** An unsigned number of 1 to 8 bytes, most significant first. */
  big(at: number, width: number): number | undefined {
    if (width < 1 || width > 8 || !this.#holds(at, width)) return undefined
    let value = 0
    for (let i = 0; i < width; i++) value = value * 256 + this.#view.getUint8(at + i)
    return Number.isSafeInteger(value) ? value : undefined
  }

  /** Exactly `length` bytes at `at`, sharing memory. */
  slice(at: number, length: number): Uint8Array | undefined {
    return this.#holds(at, length) ? this.data.subarray(at, at + length) : undefined
  }

  /** A NUL-terminated or `maxLength` bytes long UTF-8 string; invalid bytes become U+FFFD. */
  text(at: number, maxLength: number): string | undefined {
    if (!this.#holds(at, 0)) return undefined
    const field = this.data.subarray(at, Math.min(at + maxLength, this.length))
    const end = field.indexOf(0)
    return utf8.decode(end < 0 ? field : field.subarray(0, end))
  }

  #holds(at: number, length: number): boolean {
    return (
      Number.isSafeInteger(at) && Number.isSafeInteger(length) && at >= 0 && length >= 0 && at + length <= this.length
    )
  }
}

/** UTF-16 text, a byte order mark included; lone surrogates become U+FFFD, an odd last byte too. */
export function utf16Text(data: Uint8Array, littleEndian: boolean): string {
  return (littleEndian ? utf16le : utf16be).decode(data)
}

/** UTF-8 text, a byte order mark included; invalid bytes become U+FFFD. */
export function utf8Text(data: Uint8Array): string {
  return utf8.decode(data)
}

/** The next multiple of `unit` (a power of two below 2^31) at or above `at`. */
export function alignUp(at: number, unit: number): number {
  return Math.ceil(at / unit) * unit
}

/** Lower-case hex digits. */
export function hexText(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
