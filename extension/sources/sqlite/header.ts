/**
 * The first hundred bytes of an SQLite database, and numbers as the format writes them.
 *
 * https://sqlite.org/fileformat2.html
 */

/** Bytes of the header. */
export const headerBytes = 100

const magic = Buffer.from('SQLite format 3\0', 'latin1')

/** What the header says. */
export interface DatabaseHeader {
  readonly pageSize: number
  /** Bytes at the end of every page that are not used. */
  readonly reserved: number
  readonly isUtf16: boolean
}

/** Whether bytes begin as a database. */
export function isDatabase(head: Uint8Array): boolean {
  return magic.every((byte, at) => head[at] === byte)
}

/** Reads the header; undefined when it is none or its page size is impossible. */
export function readHeader(bytes: Uint8Array): DatabaseHeader | undefined {
  if (bytes.length < headerBytes || !isDatabase(bytes)) return undefined
  const view = viewOf(bytes)
  const stated = view.getUint16(16)
  const pageSize = stated === 1 ? 65536 : stated
  if (!isPageSize(pageSize)) return undefined
  const reserved = view.getUint8(20)
  if (pageSize - reserved < 480) return undefined
  return { pageSize, reserved, isUtf16: view.getUint32(56) > 1 }
}

/** Whether a number can be the size of a page: a power of two from 512 to 65536. */
export function isPageSize(size: number): boolean {
  return size >= 512 && size <= 65536 && (size & (size - 1)) === 0
}

/** Numbers at places in bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A number of one to nine bytes at a place; undefined when it does not end within the bytes or is beyond 2^53. */
export function varint(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } | undefined {
  let value = 0
  for (let i = 0; i < 9; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) return undefined
    if (i === 8) value = value * 256 + byte
    else value = value * 128 + (byte & 0x7f)
    if (i === 8 || byte < 0x80) return Number.isSafeInteger(value) ? { value, next: at + i + 1 } : undefined
  }
  return undefined
}
