/**
 * Whether a value can satisfy the constraints on its column: never stricter than SQLite, as strict as is safe.
 *
 * Equalities are a union and ignore case and trailing blanks, because the query may name another collation than the
 * column has. A text that reads as the same number passes too: SQLite compares so with a numeric column. Numbers
 * written as decimals were rounded to fifteen digits on their way and are compared with that much room. Whatever
 * cannot be judged may match.
 */
import type { Cell, Collation, ColumnType } from './columns.ts'
import type { Constraint } from './constraints.ts'
import { globMatcher, likeMatcher } from './like.ts'

/** Judges values of one column. */
export type ValueMatcher = (value: Cell) => boolean

/** Whether a row with this value may be part of the answer. */
export function mayMatch(
  type: ColumnType,
  constraints: readonly Constraint[],
  value: Cell,
  collation?: Collation,
): boolean {
  return valueMatcher(type, constraints, collation)(value)
}

/** The same, with constraints read once for many values. */
export function valueMatcher(
  type: ColumnType,
  constraints: readonly Constraint[],
  collation?: Collation,
): ValueMatcher {
  const named = constraints.filter((one) => one.operator !== undefined)
  if (named.length === 0 || type === 'BLOB') return () => true
  const equalities = named.filter((one) => one.operator === 'equals').map((one) => one.expr)
  const others = named.filter((one) => one.operator !== 'equals')
  return type === 'TEXT' ? textMatcher(equalities, others, collation) : numberMatcher(equalities, others)
}

function textMatcher(equals: readonly string[], others: readonly Constraint[], collation?: Collation): ValueMatcher {
  const isJudged = equals.length > 0 && !collation?.startsWith('version') && !equals.some((one) => one.includes('\0'))
  const folded = new Set(equals.map(foldText))
  const numbers = equals.flatMap(numberOf)
  const tests = others.map(textTest)
  return (value) => {
    const text = value === null ? '' : String(value)
    if (text.includes('\0')) return true
    if (isJudged && !folded.has(foldText(text)) && !isOneOf(numbers, text)) return false
    return tests.every((test) => test(text))
  }
}

function textTest({ operator, expr }: Constraint): (text: string) => boolean {
  if (expr.includes('\0')) return () => true
  if (operator === 'like') return affordable(expr, likeMatcher(expr))
  if (operator === 'glob') return affordable(expr, globMatcher(expr))
  return () => true // order depends on the collation
}

/**
 * Characters of pattern times characters of text: about 30 ms at worst. This runs on the main loop, where osquery's
 * ping must be answered; a pattern of 20,000 characters over a text of 60,000 took 8 s (measured).
 */
const maxPatternSteps = 4_000_000

/** Leaves to SQLite, which runs elsewhere, what could take long. */
function affordable(pattern: string, matcher: (text: string) => boolean): (text: string) => boolean {
  return (text) => pattern.length * text.length > maxPatternSteps || matcher(text)
}

function foldText(text: string): string {
  return text
    .toWellFormed()
    .replace(/ +$/, '')
    .replace(/[A-Z]+/g, (run) => run.toLowerCase())
}

/** SQLite prints an infinity so. */
function numberOf(expr: string): number[] {
  if (decimal.test(expr)) return [Number(expr)]
  return /^[-+]?inf$/i.test(expr) ? [Number.POSITIVE_INFINITY] : []
}

/** A number as SQLite reads it. */
const decimal = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i

function isOneOf(numbers: readonly number[], text: string): boolean {
  if (numbers.length === 0 || !decimal.test(text)) return false
  return numbers.some((one) => isNear(order(one, Number(text))))
}

function numberMatcher(equals: readonly string[], others: readonly Constraint[]): ValueMatcher {
  const passes = (value: number | bigint, { operator, expr }: Constraint) => {
    const found = compare(value, expr)
    if (operator === 'greater_than' || operator === 'greater_than_or_equals') return found !== -1
    if (operator === 'less_than' || operator === 'less_than_or_equals') return found !== 1
    return true // LIKE and GLOB on numbers compare a text that SQLite makes of them
  }
  return (value) => {
    if (value === null) return false
    if (typeof value === 'string' || value instanceof Uint8Array) return true
    if (equals.length > 0 && !equals.some((expr) => isNear(compare(value, expr)))) return false
    return others.every((one) => passes(value, one))
  }
}

type Order = -1 | 0 | 1 | undefined

function isNear(found: Order): boolean {
  return found === 0 || found === undefined
}

/** Value against text: 0 means equal or too close to say, undefined that the text is no plain number. */
function compare(value: number | bigint, expr: string): Order {
  if (/^-?\d{1,19}$/.test(expr) && (typeof value === 'bigint' || Number.isSafeInteger(value))) {
    const other = BigInt(expr)
    const own = BigInt(value)
    return own === other ? 0 : own < other ? -1 : 1
  }
  return decimal.test(expr) ? order(Number(value), Number(expr)) : undefined
}

/** Relative room for numbers that were printed with fifteen digits. */
const rounding = 1e-14

function order(own: number, other: number): Order {
  if (!Number.isFinite(own) || !Number.isFinite(other)) return undefined
  const room = Math.max(Math.abs(own), Math.abs(other)) * rounding
  return Math.abs(own - other) <= room ? 0 : own < other ? -1 : 1
}
