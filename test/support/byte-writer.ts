/**
 * Pieces of binary formats, for the builders of synthetic files.
 */

const utf8 = new TextEncoder()

/** An unsigned number, least significant byte first. */
export function le(value: number | bigint, width: number): Uint8Array {
  const bits = BigInt(value)
  return Uint8Array.from({ length: width }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn))
}

/** An unsigned number, most significant byte first. */
export function be(value: number | bigint, width: number): Uint8Array {
  return le(value, width).reverse()
}

/** All pieces in a row; strings as UTF-8. */
export function join(...pieces: readonly (Uint8Array | string)[]): Uint8Array<ArrayBuffer> {
  const parts = pieces.map((piece) => (typeof piece === 'string' ? utf8.encode(piece) : piece))
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Zeros. */
export function zeros(length: number): Uint8Array {
  return new Uint8Array(Math.max(0, length))
}

/** A piece, filled with zeros to the next multiple of `unit`. */
export function padTo(piece: Uint8Array, unit: number): Uint8Array {
  return join(piece, zeros((unit - (piece.length % unit)) % unit))
}

/** A piece in a field of fixed width. */
export function field(piece: Uint8Array | string, width: number): Uint8Array {
  return join(join(piece).subarray(0, width), zeros(width - join(piece).length))
}

/** UTF-16 text, without byte order mark or NUL. */
export function utf16(text: string, littleEndian = true): Uint8Array {
  return join(...Array.from({ length: text.length }, (_, i) => (littleEndian ? le : be)(text.charCodeAt(i), 2)))
}

/** A copy with some bytes replaced. */
export function patched(bytes: Uint8Array, at: number, replacement: Uint8Array): Uint8Array {
  const out = bytes.slice()
  out.set(replacement.subarray(0, Math.max(0, out.length - at)), at)
  return out
}
