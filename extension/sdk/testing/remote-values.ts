/**
 * From an extension's text to SQLite's values, with everything osquery loses on the way.
 *
 * Numbers are read by C's strtol with base 0: a leading zero is octal, what follows the digits is passed over, an
 * INTEGER keeps its lower 32 bits. Text ends at its first NUL. `osquery/core/sql/dynamic_table_row.cpp`.
 */
import type { Cell, ColumnType } from '../columns.ts'

/** The value of a cell; undefined is a key that was not sent. A type nobody knows has no values. */
export function remoteValue(type: ColumnType | undefined, text: string | undefined): Cell {
  switch (type) {
    case 'TEXT':
    case 'BLOB':
      return cString(text ?? '')
    case 'INTEGER': {
      const value = strtol(text ?? '')
      return value === null ? null : BigInt.asIntN(32, value)
    }
    case 'BIGINT':
    case 'UNSIGNED BIGINT':
      return strtol(text ?? '')
    case 'DOUBLE':
      return strtod(cString(text ?? ''))
    default:
      return null
  }
}

/** The row's id: its own, or its place in the answer. */
export function remoteRowid(row: Readonly<Record<string, string>>, at: number): bigint {
  return strtol(row['rowid'] ?? '') ?? BigInt(at)
}

function cString(text: string): string {
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

function strtol(text: string): bigint | null {
  const found = /^[ \t\n\v\f\r]*([+-]?)(0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*)/.exec(text)
  if (!found) return null
  const [, sign, digits = ''] = found
  const isOctal = /^0[0-7]/.test(digits)
  const value = BigInt(isOctal ? `0o${digits.slice(1)}` : digits) * (sign === '-' ? -1n : 1n)
  return BigInt.asIntN(64, value) === value ? value : null
}

function strtod(text: string): number | null {
  const decimal = /^[ \t\n\v\f\r]*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|0[xX][\da-fA-F]+)$/
  if (decimal.test(text)) {
    const sign = text.trimStart().startsWith('-') ? -1 : 1
    return sign * Number(text.trimStart().replace(/^[+-]/, ''))
  }
  const infinite = /^[ \t\n\v\f\r]*([+-]?)inf(inity)?$/i.exec(text)
  return infinite ? (infinite[1] === '-' ? -Infinity : Infinity) : null
}
