/**
 * From order constraints to the span of numbers a table has to look at.
 *
 * The bounds belong to the span even where the query says < or >, and numbers written as decimals get the room they
 * lost to rounding, so that the span is never narrower than SQLite's own. A right side that is no number bounds
 * nothing. Texts have no span: osquery never passes their order on.
 */
import type { Column } from './columns.ts'
import type { Constraint } from './constraints.ts'

/** A span of numbers, bounds included; undefined means open on that side. Bigints where a number would not be safe. */
export interface Range {
  readonly from: number | bigint | undefined
  readonly to: number | bigint | undefined
}

/** Relative room for numbers that were printed with fifteen digits. */
const rounding = 1e-14
const decimal = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i

/** The span all order constraints of a column leave; `from` is above `to` when they contradict each other. */
export function rangeOf(column: Column | undefined, constraints: readonly Constraint[]): Range {
  let from: Range['from']
  let to: Range['to']
  if (column === undefined || column.type === 'TEXT' || column.type === 'BLOB') return { from, to }
  for (const { operator, expr } of constraints) {
    if (operator === 'greater_than' || operator === 'greater_than_or_equals') {
      const bound = boundOf(expr, -1)
      if (bound !== undefined && (from === undefined || bound > from)) from = bound
    } else if (operator === 'less_than' || operator === 'less_than_or_equals') {
      const bound = boundOf(expr, 1)
      if (bound !== undefined && (to === undefined || bound < to)) to = bound
    }
  }
  return { from, to }
}

function boundOf(expr: string, outwards: -1 | 1): number | bigint | undefined {
  if (/^-?\d{1,19}$/.test(expr)) {
    const whole = BigInt(expr)
    return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole
  }
  const near = decimal.test(expr) ? Number(expr) : Number.NaN
  return Number.isFinite(near) ? near + outwards * Math.abs(near) * rounding : undefined
}
