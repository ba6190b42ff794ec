/**
 * Row ids: a positive 63-bit number from the values that identify a row.
 *
 * SQLite removes duplicates between the branches of an OR by rowid. osquery numbers the rows of each call from zero
 * when an extension gives none, so rows of different branches look alike and are lost (osquery issues 7066, 8024).
 * An id from the identity is the same in every call and different for different rows.
 */
import { createHash } from 'node:crypto'
import type { Cell } from './columns.ts'

/** The id of an identity. `occurrence` tells rows of one call apart whose identities are equal. */
export function rowid(identity: readonly Cell[], occurrence = 0): bigint {
  const hash = createHash('sha256')
  for (const cell of identity) {
    const bytes = cell instanceof Uint8Array ? cell : Buffer.from(cell === null ? '' : String(cell))
    hash.update(`${cell === null ? 'n' : 'v'}${bytes.length}:`).update(bytes)
  }
  if (occurrence > 0) hash.update(`#${occurrence}`)
  const id = hash.digest().readBigUInt64BE(0) & 0x7fff_ffff_ffff_ffffn
  return id === 0n ? 1n : id
}

/** An identity for a message: names and values, cut where they are long. */
export function shownIdentity(names: readonly string[], identity: readonly Cell[]): string {
  return names.map((name, at) => `${name} ${JSON.stringify(String(identity[at] ?? 'NULL').slice(0, 80))}`).join(', ')
}
