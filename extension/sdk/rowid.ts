/**
 * Row ids: a positive 63-bit number from the values that identify a row.
 *
 * SQLite removes duplicates between the branches of an OR by rowid. osquery numbers the rows of each call from zero
 * when an extension gives none, so rows of different branches look alike and are lost (osquery issues 7066, 8024).
 * An id from the identity is the same in every call and different for different rows.
 */
import { createHash } from 'node:crypto'
import type { Cell } from './columns.ts'
import { digitsOf, writeDecimal } from './decimal.ts'
import { firstBytes, maxBytes, message } from './short-sha256.ts'

/** The id of an identity. `occurrence` tells rows of one call apart whose identities are equal. */
export function rowid(identity: readonly Cell[], occurrence = 0): bigint {
  const length = writeShort(identity, occurrence)
  const digest = length === undefined ? digestOf(identity, occurrence) : firstBytes(length)
  const id = digest & 0x7fff_ffff_ffff_ffffn
  return id === 0n ? 1n : id
}

/** Writes what is digested to `message`; its length, or undefined when there is not enough room or it has bytes. */
function writeShort(identity: readonly Cell[], occurrence: number): number | undefined {
  let at = 0
  for (const cell of identity) {
    if (cell instanceof Uint8Array) return undefined
    const text = cell === null ? '' : typeof cell === 'string' ? cell : String(cell)
    if (at + text.length * 3 > maxBytes - overheadBytes) return undefined
    const digits = digitsOf(text.length)
    let textAt = at + 1 + digits + 1
    const bytes = message.write(text, textAt)
    if (digitsOf(bytes) > digits) message.write(text, ++textAt) // not ASCII, and one digit more
    message[at] = cell === null ? 0x6e : 0x76 // n, v
    writeDecimal(message, at + 1, bytes)
    message[textAt - 1] = 0x3a // :
    at = textAt + bytes
  }
  return occurrence > 0 ? at + message.write(`#${occurrence}`, at) : at
}

/** What is digested besides a cell's bytes, at most: its length, and the occurrence. */
const overheadBytes = 40

function digestOf(identity: readonly Cell[], occurrence: number): bigint {
  const hash = createHash('sha256')
  for (const cell of identity) {
    const bytes = cell instanceof Uint8Array ? cell : Buffer.from(cell === null ? '' : String(cell))
    hash.update(`${cell === null ? 'n' : 'v'}${bytes.length}:`).update(bytes)
  }
  if (occurrence > 0) hash.update(`#${occurrence}`)
  return hash.digest().readBigUInt64BE(0)
}

/** An identity for a message: names and values, cut where they are long. */
export function shownIdentity(names: readonly string[], identity: readonly Cell[]): string {
  return names.map((name, at) => `${name} ${JSON.stringify(String(identity[at] ?? 'NULL').slice(0, 80))}`).join(', ')
}
