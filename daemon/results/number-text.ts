/**
 * Which texts of a result stand for numbers, and how osquery writes those numbers into JSON.
 *
 * osquery knows the type of every value from SQLite and prints with RapidJSON. Here values are texts already, so the
 * column's declared type says whether a text may be a number, and its shape says which kind. Columns of no declared type
 * (expressions) are text. 64-bit integers are never made into doubles.
 */
import { doubleText } from './double-text.ts'

const numericTypes =
  /^(?:INTEGER|INT|BIGINT|UNSIGNED BIGINT|UNSIGNED_BIGINT|DOUBLE|REAL|FLOAT|TINYINT|SMALLINT|NUMERIC)$/
const integer = /^(?:0|-?[1-9]\d{0,18})$/
/** osquery puts `.0` behind a double without a point, behind an exponent too: `1e+20.0`. */
const double = /^-?\d+(?:\.\d+(?:e[+-]?\d+)?|e[+-]?\d+(?:\.0)?)$/
const [lowest, highest] = [-(2n ** 63n), 2n ** 63n - 1n]

/** Whether values of a column with this declared type may be numbers. */
export function isNumeric(type: string): boolean {
  return numericTypes.test(type)
}

/** Whether a text is a 64-bit integer as SQLite prints it. */
export function isInteger(value: string): boolean {
  if (!integer.test(value)) return false
  return value.length < 19 || (BigInt(value) >= lowest && BigInt(value) <= highest)
}

/** The double that a text stands for, or undefined. */
export function doubleOf(value: string): number | undefined {
  if (!double.test(value)) return undefined
  const number = Number(value.replace(/(e[+-]?\d+)\.0$/, '$1'))
  return Number.isFinite(number) ? number : undefined
}

/** The JSON number for a text, or undefined where it is none. */
export function jsonNumber(value: string): string | undefined {
  if (isInteger(value)) return value
  const number = doubleOf(value)
  return number === undefined ? undefined : doubleText(number)
}
