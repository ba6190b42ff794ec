/**
 * Which constraints a table gets to see: osquery's rules, nothing cleverer.
 *
 * `osquery/sql/virtual_table.cpp`: a column without options counts as indexed; one with options but none of INDEX,
 * ADDITIONAL and REQUIRED gets nothing; order comparisons of TEXT are never passed on; IN arrives whole on an
 * OPTIMIZED column and value by value elsewhere. Whatever is passed on, SQLite checks again.
 */
import type { ColumnOptions, ColumnType } from '../columns.ts'
import { operators } from '../constraints.ts'

/** A constraint as SQLite offers it. */
export interface Offer {
  /** Position of the column; negative for the rowid. */
  readonly column: number
  readonly op: number
  readonly isUsable: boolean
  /** Whether the right side is a list that can be had whole. */
  readonly isList: boolean
  /** Collation of the comparison, lower case. */
  readonly collation: string
}

/** One offer that is taken. */
export interface Taken {
  readonly offer: number
  readonly column: number
  readonly op: number
  readonly takesList: boolean
}

/** What the planner is told. */
export interface IndexPlan {
  readonly taken: readonly Taken[]
  readonly cost: number
  /** Whether a required column is constrained, or none is required. */
  readonly isSatisfied: boolean
}

/** The part of a column that matters here. */
export interface PlannedColumn {
  readonly type: ColumnType
  readonly options: ColumnOptions
}

const orderOperators = new Set<number>([
  operators.greater_than,
  operators.greater_than_or_equals,
  operators.less_than,
  operators.less_than_or_equals,
])
/** Operators osquery passes on: the named ones, and !=, IS NOT, IS, which no table filters by. */
const passed = new Set<number>([...Object.values(operators), 68, 69, 72])

const scanCost = 1_000_000
const unsatisfiedCost = 1e200

/** Chooses among SQLite's offers. */
export function planIndex(columns: readonly PlannedColumn[], offers: readonly Offer[]): IndexPlan {
  const taken: Taken[] = []
  let cost = scanCost
  let isSatisfied = columns.every(({ options }) => !options.required)
  for (const [at, offer] of offers.entries()) {
    const column = columns[offer.column]
    if (!column || !offer.isUsable || !passed.has(offer.op)) continue
    if (column.options.required && isConstrainable(column, offer)) isSatisfied = true
    if (!isPassed(column, offer)) continue
    taken.push({
      offer: at,
      column: offer.column,
      op: offer.op,
      takesList: offer.isList && column.options.optimized === true,
    })
    if (isIndexed(column.options) || column.options.required) cost = Math.min(cost, 1)
    else cost = Math.min(cost, 1000)
  }
  return { taken, cost: isSatisfied ? cost / (1 + taken.length) : unsatisfiedCost, isSatisfied }
}

function isPassed(column: PlannedColumn, offer: Offer): boolean {
  const { options, type } = column
  if (!isConstrainable(column, offer)) return false
  if (type !== 'TEXT' || offer.op !== operators.equals) return true
  // Versions that are written differently can be equal, and so can texts under another collation than the column's.
  return !options.collate?.startsWith('version') && offer.collation === (options.collate ?? 'binary')
}

function isConstrainable({ type, options }: PlannedColumn, { op }: Offer): boolean {
  if (!isIndexed(options) && !options.required && !options.additional) return false
  return type !== 'TEXT' || !orderOperators.has(op)
}

function isIndexed(options: ColumnOptions): boolean {
  const { index, required, additional, optimized, hidden, collate } = options
  return index === true || !(required || additional || optimized || hidden || collate)
}
