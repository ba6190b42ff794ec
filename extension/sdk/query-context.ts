/**
 * What a table sees of a query: constraints with helpers, the columns that are wanted, and when to stop.
 */
import type { Cell, Columns } from './columns.ts'
import type { Constraint, TableRequest } from './constraints.ts'
import { type ValueMatcher, valueMatcher } from './prefilter.ts'
import { type Range, rangeOf } from './range.ts'

/** The context of one call of `generate`. */
export interface QueryContext<C extends Columns> {
  /** Constraints of each column; an empty list when there is none. */
  readonly constraints: { readonly [Name in keyof C]: readonly Constraint[] }
  /** Aborted when the query is, when its deadline passes, and when nobody reads further rows. */
  readonly signal: AbortSignal
  /** Whether the query reads a column: a costly one need not be computed otherwise. */
  uses(column: keyof C & string): boolean
  /**
   * Values the column is said to equal, as a union; undefined when nothing is said. They are text, also for numbers:
   * read them with `Number`, which knows '1.0' and ' 5'; `BigInt` throws on those.
   */
  equals(column: keyof C & string): readonly string[] | undefined
  /** LIKE patterns; all of them hold. */
  likes(column: keyof C & string): readonly string[]
  /** GLOB patterns; all of them hold. */
  globs(column: keyof C & string): readonly string[]
  /** The span of numbers that <, <=, > and >= leave; never narrower than SQLite's. */
  range(column: keyof C & string): Range
  /** Whether a row with this value may be in the answer; never stricter than SQLite. */
  mayMatch(column: keyof C & string, value: Cell): boolean
}

/** Builds the context of a request. */
export function queryContext<C extends Columns>(
  columns: C,
  request: TableRequest,
  signal: AbortSignal,
): QueryContext<C> {
  const names = Object.keys(columns)
  const constraints = Object.fromEntries(names.map((name) => [name, ofColumn(columns, request, name)]))
  const exprs = (column: string, operator: Constraint['operator']) =>
    (constraints[column] ?? []).filter((one) => one.operator === operator).map((one) => one.expr)
  const matchers = new Map<string, ValueMatcher>()
  const matcher = (column: string): ValueMatcher => {
    const known = matchers.get(column)
    if (known) return known
    const declared = columns[column]
    const made = valueMatcher(declared?.type ?? 'BLOB', constraints[column] ?? [], declared?.options.collate)
    matchers.set(column, made)
    return made
  }
  return {
    constraints: constraints as QueryContext<C>['constraints'], // one list per name of C
    signal,
    uses: (column) =>
      request.columnsUsed === undefined || allNames(columns, column).some((name) => request.columnsUsed?.has(name)),
    equals: (column) => {
      const values = exprs(column, 'equals')
      return values.length > 0 ? values : undefined
    },
    likes: (column) => exprs(column, 'like'),
    globs: (column) => exprs(column, 'glob'),
    range: (column) => rangeOf(columns[column], constraints[column] ?? []),
    mayMatch: (column, value) => matcher(column)(value),
  }
}

/** A column and its aliases are one thing to a table, and constraints arrive under the name the query used. */
function ofColumn(columns: Columns, request: TableRequest, name: string): readonly Constraint[] {
  return allNames(columns, name).flatMap((one) => request.constraints.get(one) ?? [])
}

function allNames(columns: Columns, name: string): string[] {
  return [name, ...(columns[name]?.options.aliases ?? [])]
}
