/**
 * SQLite's record format: the columns of a row, from the bytes of its cell.
 *
 * Bytes may be anything: what does not fit is undefined, never a guess.
 * https://www.sqlite.org/fileformat2.html#record_format
 */
import type { SQLOutputValue } from 'node:sqlite'

/** A variable-length integer and where it ends; integers beyond 2^53 lose their low bits and fit no length anyway. */
export function varint(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0
  for (let length = 0; length < 9; length++) {
    const byte = bytes[at + length]
    if (byte === undefined) return undefined
    if (length === 8) return { value: value * 256 + byte, end: at + 9 }
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return { value, end: at + length + 1 }
  }
  return undefined
}

/** Columns of a table at most; SQLite's own default limit. */
const maxColumns = 2_000

/** The values of a record; undefined when it is no record. */
export function readRecord(payload: Buffer<ArrayBuffer>): SQLOutputValue[] | undefined {
  const header = varint(payload, 0)
  if (!header || header.value > payload.length) return undefined
  const values: SQLOutputValue[] = []
  let body = header.value
  for (let at = header.end; at < header.value; ) {
    const type = varint(payload, at)
    if (!type || type.end > header.value || values.length === maxColumns) return undefined
    const length = lengthOf(type.value)
    if (length === undefined || body + length > payload.length) return undefined
    values.push(valueAt(payload, body, type.value, length))
    body += length
    at = type.end
  }
  return values
}

function lengthOf(type: number): number | undefined {
  if (type <= 4) return type
  if (type === 5) return 6
  if (type <= 7) return 8
  if (type <= 9) return 0
  return type < 12 ? undefined : Math.floor((type - 12) / 2)
}

function valueAt(payload: Buffer<ArrayBuffer>, at: number, type: number, length: number): SQLOutputValue {
  if (type === 0) return null
  if (type <= 5) return payload.readIntBE(at, length)
  if (type === 6) {
    const value = payload.readBigInt64BE(at)
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  if (type === 7) return payload.readDoubleBE(at)
  if (type <= 9) return type - 8
  return type % 2 === 0 ? payload.subarray(at, at + length) : payload.toString('utf8', at, at + length)
}
