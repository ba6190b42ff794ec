/**
 * Objects of a systemd journal file: one behind the other, each with a type and a size. Total over its bytes.
 *
 * The layout is that of systemd's document "Journal File Format". Offsets are below 2^53 in any file that exists.
 */
import { unpackedPayload } from './journal-payload.ts'

/** What the header of a file says that matters here. */
export interface JournalHeader {
  readonly headerBytes: number
  /** Offset of the last object. */
  readonly tail: number
  /** Offsets in entries take four bytes instead of sixteen with a hash. */
  readonly isCompact: boolean
}

/** Kinds of objects that are looked at. */
export const objectTypes = { data: 1, entry: 3 } as const

/** Bytes before the contents of any object. */
export const objectHeadBytes = 16
/** Bytes of a header that are read. */
export const journalHeadBytes = 208

const signature = 'LPKSHHRH'
const compactFlag = 16
/** Flags of incompatible features that are understood: xz, lz4, keyed hashes, zstd, compact. */
const knownFlags = 0b11111

/** The header, or what is wrong with it. */
export function journalHeader(bytes: Buffer): JournalHeader | { readonly problem: string } {
  if (bytes.length < journalHeadBytes || bytes.toString('latin1', 0, 8) !== signature) {
    return { problem: 'it does not begin as a journal does' }
  }
  const flags = bytes.readUInt32LE(12)
  if ((flags & ~knownFlags) !== 0) return { problem: `it has features that are not known (flags ${flags})` }
  const headerBytes = Number(bytes.readBigUInt64LE(88))
  const tail = Number(bytes.readBigUInt64LE(136))
  if (headerBytes < journalHeadBytes || headerBytes > 65_536) return { problem: `its header has ${headerBytes} bytes` }
  return { headerBytes, tail, isCompact: (flags & compactFlag) !== 0 }
}

/** An object's type, flags and size; undefined where none can be. */
export function objectHead(bytes: Buffer, at: number) {
  if (at + objectHeadBytes > bytes.length) return undefined
  const size = Number(bytes.readBigUInt64LE(at + 8))
  return size < objectHeadBytes ? undefined : { type: bytes.readUInt8(at), flags: bytes.readUInt8(at + 1), size }
}

/** The text `FIELD=value` of a data object; undefined where it cannot be unpacked. */
export function dataText(object: Buffer, flags: number, isCompact: boolean): string | undefined {
  const payload = object.subarray(isCompact ? 72 : 64)
  return (flags & 7) === 0 ? payload.toString('utf8') : unpackedPayload(payload, flags)?.toString('utf8')
}

/** What an entry says of itself, and the offsets of its data. */
export function entryOf(object: Buffer, isCompact: boolean) {
  if (object.length < 64) return undefined
  const width = isCompact ? 4 : 16
  const items: number[] = []
  for (let at = 64; at + width <= object.length; at += width) {
    items.push(isCompact ? object.readUInt32LE(at) : Number(object.readBigUInt64LE(at)))
  }
  return { seqnum: object.readBigUInt64LE(16), realtime: Number(object.readBigUInt64LE(24)), items }
}
