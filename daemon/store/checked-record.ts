/**
 * A small record in a row: JSON text with its checksum beside it, so that a row is whole or is none.
 *
 * SQLite notices a broken tree and not a flipped bit inside a value; and a row that salvage finds must prove itself.
 */
import { crc32 } from 'node:zlib'

/** A record as it stands in a row. */
export interface CheckedText {
  readonly record: string
  readonly sum: number
}

/** What goes into the columns. */
export function checkedText(value: Readonly<Record<string, unknown>>): CheckedText {
  const record = JSON.stringify(value)
  return { record, sum: crc32(record) }
}

/** What the columns say; undefined when they are not what was written. */
export function readChecked(record: unknown, sum: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof record !== 'string' || typeof sum !== 'number' || crc32(record) !== sum) return undefined
  try {
    const value: unknown = JSON.parse(record)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
