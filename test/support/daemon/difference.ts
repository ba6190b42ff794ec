/**
 * What changed between two results, both in memory: the referee for the difference that `result-state.ts` finds against
 * its store.
 *
 * The law: previous, without `removed`, with `added`, is current, each row as often as it is there. osquery compares the
 * same way (a multiset of the old rows, from which every new row takes its equal): `added` is in the order of the current
 * rows, `removed` in the order of a `std::map` of variants. Identity is the text of the values under their names; the
 * order of columns is not part of it.
 */
import type { ResultColumn, ResultRow } from '../../../daemon/engine/engine.ts'
import { FingerprintTable, fingerprintOf } from '../../../daemon/results/fingerprint-table.ts'
import { rowOrder } from '../../../daemon/results/row-order.ts'
import { RowText } from '../../../daemon/results/row-text.ts'

/** Rows that are new and rows that are gone. */
export interface ResultDiff {
  readonly removed: readonly ResultRow[]
  readonly added: readonly ResultRow[]
}

/** The difference of two results with the same columns, both in memory. */
export function diff(
  columns: readonly ResultColumn[],
  previous: readonly ResultRow[],
  current: Iterable<ResultRow>,
): ResultDiff {
  const text = new RowText(columns.map((column) => column.name))
  const table = new FingerprintTable(previous.length)
  const slotOf = new Uint32Array(previous.length)
  const missing = new Uint32Array(previous.length)
  for (const [at, row] of previous.entries()) {
    const fingerprint = fingerprintOf(text.write(row))
    const found = table.find(fingerprint)
    const slot = found < 0 ? table.add(fingerprint) : found
    slotOf[at] = slot
    missing[slot] = (missing[slot] ?? 0) + 1
  }
  const added: ResultRow[] = []
  for (const row of current) {
    const slot = table.find(fingerprintOf(text.write(row)))
    const left = slot < 0 ? 0 : (missing[slot] ?? 0)
    if (left > 0) missing[slot] = left - 1
    else added.push(row)
  }
  const removed = previous.filter((_, at) => {
    const slot = slotOf[at] ?? 0
    const left = missing[slot] ?? 0
    if (left > 0) missing[slot] = left - 1
    return left > 0
  })
  return { removed: removed.sort(rowOrder(columns)), added }
}

/** The law's other side: what a receiver has after applying a difference. */
export function apply(
  columns: readonly ResultColumn[],
  previous: readonly ResultRow[],
  change: ResultDiff,
): ResultRow[] {
  const text = new RowText(columns.map((column) => column.name))
  const gone = new Map<string, number>()
  for (const row of change.removed) gone.set(text.write(row), (gone.get(text.write(row)) ?? 0) + 1)
  const kept = previous.filter((row) => {
    const left = gone.get(text.write(row)) ?? 0
    if (left > 0) gone.set(text.write(row), left - 1)
    return left === 0
  })
  return [...kept, ...change.added]
}
