/**
 * Whether a value can satisfy the constraints on its column: never stricter than SQLite, as strict as is safe.
 *
 * Equalities are a union and ignore case and trailing blanks, because the query may name another collation than the
 * column has. Numbers written as decimals were rounded to fifteen digits on their way, so they are compared with that
 * much room. Whatever cannot be judged may match.
 */
import type { Cell, ColumnType } from './columns.ts'
import type { Constraint } from './constraints.ts'
import { glob, like } from './like.ts'

/** Whether a row with this value may be part of the answer. */
export function mayMatch(type: ColumnType, constraints: readonly Constraint[], value: Cell): boolean {
  const named = constraints.filter((one) => one.operator !== undefined)
  if (named.length === 0 || type === 'BLOB') return true
  const test = type === 'TEXT' ? textTest(value) : numberTest(value)
  const equalities = named.filter((one) => one.operator === 'equals')
  if (equalities.length > 0 && !equalities.some(test)) return false
  return named.every((one) => one.operator === 'equals' || test(one))
}

function textTest(value: Cell): (one: Constraint) => boolean {
  const text = value === null ? '' : String(value)
  const folded = foldText(text)
  return ({ operator, expr }) => {
    if (text.includes('\0') || expr.includes('\0')) return true
    if (operator === 'equals') return foldText(expr) === folded
    if (operator === 'like') return like(expr, text)
    if (operator === 'glob') return glob(expr, text)
    return true
  }
}

function foldText(text: string): string {
  return text.replace(/ +$/, '').replace(/[A-Z]+/g, (run) => run.toLowerCase())
}

/** Relative room for numbers that were printed with fifteen digits. */
const rounding = 1e-14

function numberTest(value: Cell): (one: Constraint) => boolean {
  if (value === null || value instanceof Uint8Array || typeof value === 'string') return () => value !== null
  return ({ operator, expr }) => {
    const order = compare(value, expr)
    if (order === undefined) return true
    switch (operator) {
      case 'equals':
        return order === 0
      case 'greater_than':
        return order !== -1
      case 'greater_than_or_equals':
        return order !== -1
      case 'less_than':
        return order !== 1
      case 'less_than_or_equals':
        return order !== 1
      default:
        return true // LIKE and GLOB on numbers compare text SQLite makes of them
    }
  }
}

/** -1, 0, 1, or undefined when the text is no plain number. 0 means equal or too close to say. */
function compare(value: number | bigint, expr: string): -1 | 0 | 1 | undefined {
  if (/^-?\d{1,19}$/.test(expr) && (typeof value === 'bigint' || Number.isSafeInteger(value))) {
    const other = BigInt(expr)
    const own = BigInt(value)
    return own === other ? 0 : own < other ? -1 : 1
  }
  if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(expr)) return undefined
  const own = Number(value)
  const other = Number(expr)
  const room = Math.max(Math.abs(own), Math.abs(other)) * rounding
  if (!Number.isFinite(own) || !Number.isFinite(other)) return undefined
  return Math.abs(own - other) <= room ? 0 : own < other ? -1 : 1
}
