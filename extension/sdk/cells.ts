/**
 * Cells: values on their way into a column, out of a table or from a statement that writes.
 *
 * What osquery would alter in silence (an INTEGER beyond 32 bits, a number with a fraction in an integer column) is an
 * error that names table and column. Nothing is converted on the way, except what osquery itself reads differently: a
 * TEXT without value is empty, NaN and integers from 2^63 on are NULL.
 */
import type { Cell, Column, ColumnType } from './columns.ts'

/** A column as an engine sees it. */
export interface BoundColumn extends Column {
  readonly name: string
}

/** Reads values into the cells of one column; throws an error that says where one does not fit. */
export type CellReader = (value: unknown) => Cell

/** The reader of a column; found once, for the many rows to come. */
export function cellReader(table: string, column: BoundColumn): CellReader {
  const check = checkers[column.type]
  const absent = column.type === 'TEXT' ? '' : null
  return (value) => {
    if (value === undefined || value === null) return absent
    const checked = check(value)
    if (checked !== undefined) return checked
    const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value).slice(0, 80)
    throw new Error(
      `table ${table}: column ${column.name} is ${shown} (${typeof value}); expected ${fits[column.type]}`,
    )
  }
}

/** The cell of a value, or an error that says where it does not fit. */
export function cellOf(table: string, column: BoundColumn, value: unknown): Cell {
  return cellReader(table, column)(value)
}

const fits: Readonly<Record<ColumnType, string>> = {
  TEXT: 'a string',
  INTEGER: 'a whole number of 32 bits; declare the column bigint for more',
  BIGINT: 'a safe whole number or a bigint of 64 bits',
  'UNSIGNED BIGINT': 'a safe whole number or a bigint, 0 to 2^64-1',
  DOUBLE: 'a number',
  BLOB: 'a Uint8Array',
}

const checkers: Readonly<Record<ColumnType, (value: unknown) => Cell | undefined>> = {
  TEXT: (value) => (typeof value === 'string' ? value.toWellFormed() : undefined),
  INTEGER: (value) => (typeof value === 'number' && (value | 0) === value ? value : undefined),
  BIGINT: (value) => int64(value),
  'UNSIGNED BIGINT': (value) => uint64(value),
  DOUBLE: (value) => (typeof value !== 'number' ? undefined : Number.isNaN(value) ? null : value),
  // A copy: the table may use its buffer again, and a view would take all of the memory behind it along.
  BLOB: (value) => (value instanceof Uint8Array ? new Uint8Array(value) : undefined),
}

const minInt64 = -(2n ** 63n)
const maxInt64 = 2n ** 63n - 1n

function int64(value: unknown): Cell | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  return typeof value === 'bigint' && value >= minInt64 && value <= maxInt64 ? value : undefined
}

/** SQLite has no integers from 2^63 on; osquery reads them as NULL. */
function uint64(value: unknown): Cell | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  if (value < 0) return undefined
  return typeof value === 'bigint' && value > maxInt64 && value < 2n ** 64n ? null : int64(value)
}
