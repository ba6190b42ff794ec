/**
 * The order in which osquery tells removed rows: that of `std::multiset<std::map<std::string, variant>>`.
 *
 * Columns by name, values one after the other: integers before doubles before texts, each among themselves by value,
 * texts by their bytes.
 */
import type { ResultColumn, ResultRow } from '../engine/engine.ts'
import { doubleOf, isInteger, isNumeric } from './number-text.ts'
import { columnOrder, compareBytes } from './row-text.ts'

/** Compares rows of a result. */
export function rowOrder(columns: readonly ResultColumn[]): (one: ResultRow, other: ResultRow) => number {
  const types = new Map(columns.map((column) => [column.name, isNumeric(column.type)]))
  const names = columnOrder(types.keys())
  return (one, other) => {
    for (const name of names) {
      const [left, right] = [one[name] ?? '', other[name] ?? '']
      if (left === right) continue
      return types.get(name) ? compareNumbers(left, right) : compareTexts(left, right)
    }
    return 0
  }
}

function compareNumbers(left: string, right: string): number {
  const [kind, otherKind] = [kindOf(left), kindOf(right)]
  if (kind !== otherKind) return kind - otherKind
  if (kind === 2) return compareTexts(left, right)
  if (kind === 1) return (doubleOf(left) ?? 0) - (doubleOf(right) ?? 0)
  const [a, b] = [BigInt(left), BigInt(right)]
  return a < b ? -1 : a > b ? 1 : 0
}

function kindOf(value: string): 0 | 1 | 2 {
  return isInteger(value) ? 0 : doubleOf(value) === undefined ? 2 : 1
}

/** UTF-16 and UTF-8 order differ for characters beyond U+FFFF alone. */
function compareTexts(left: string, right: string): number {
  if (/[\ud800-\udfff]/.test(left) || /[\ud800-\udfff]/.test(right)) return compareBytes(left, right)
  return left < right ? -1 : left > right ? 1 : 0
}
