/**
 * Parameters of a statement, checked before they travel: what SQLite cannot hold is refused with its position.
 */
import type { Cell } from '../columns.ts'

/** Throws on the first parameter that is no cell. */
export function checkParams(params: readonly Cell[]): void {
  for (const [at, cell] of params.entries()) {
    const isCell =
      cell === null || ['string', 'number'].includes(typeof cell) || cell instanceof Uint8Array || isInt64(cell)
    if (!isCell) {
      throw new Error(`parameter ${at + 1} is ${String(cell)} (${typeof cell}); expected a text, number, blob or null`)
    }
  }
}

function isInt64(cell: Cell): boolean {
  return typeof cell === 'bigint' && BigInt.asIntN(64, cell) === cell
}
