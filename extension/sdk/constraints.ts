/**
 * Constraints: what a WHERE clause says about a column, as far as osquery passes it on.
 *
 * Operators that are not named here (LIMIT, OFFSET, IS NOT, !=, whatever comes) are kept by number and never filtered
 * by. Several EQUALS in one list are a union: an IN list on an OPTIMIZED column arrives so, and a list that mixes AND
 * with OR cannot be told from it. The only safe reading is a superset; SQLite checks every row again.
 * `osquery/core/tables.h`, operators; `osquery/core/tables.cpp`, the context.
 */

/** Operators with a meaning for tables, by osquery's numbers. */
export const operators = {
  equals: 2,
  greater_than: 4,
  less_than_or_equals: 8,
  less_than: 16,
  greater_than_or_equals: 32,
  match: 64,
  like: 65,
  glob: 66,
  regexp: 67,
} as const

/** Name of an operator. */
export type Operator = keyof typeof operators

/** One constraint; `operator` is undefined for those nobody filters by. `expr` is text, whatever the column's type. */
export interface Constraint {
  readonly op: number
  readonly operator: Operator | undefined
  readonly expr: string
}

/** Everything a query says to a table: constraints by column name, and the columns it reads. */
export interface TableRequest {
  readonly constraints: ReadonlyMap<string, readonly Constraint[]>
  /** Undefined when the caller did not say: then all. */
  readonly columnsUsed: ReadonlySet<string> | undefined
}

const names = new Map<number, Operator>(
  Object.entries(operators).map(([name, op]) => [op, name as Operator]), // keys of the object above
)

/** A constraint from its number and text. */
export function constraint(op: number, expr: string): Constraint {
  return { op, operator: names.get(op), expr }
}

/**
 * Reads the JSON of a `generate` request. Operators may be numbers or digits, `list` may be an empty string, and
 * `colsUsed` may be missing; `colsUsedBitset` is not read, because JSON numbers lose its upper bits. A list with an
 * entry that cannot be read constrains nothing: without that entry a union would be too strict. Throws on text that
 * is no JSON.
 */
export function parseRequest(json: string): TableRequest {
  const context = parseJson(json)
  const constraints = new Map<string, readonly Constraint[]>()
  for (const column of listOf(field(context, 'constraints'))) {
    const name = field(column, 'name')
    if (typeof name === 'string') constraints.set(name, parseList(field(column, 'list')))
  }
  const used = field(context, 'colsUsed')
  const columnsUsed = Array.isArray(used) ? new Set(used.filter((name) => typeof name === 'string')) : undefined
  return { constraints, columnsUsed }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`cannot read the query context: ${reason}; expected the JSON osquery sends`, { cause })
  }
}

function parseList(value: unknown): Constraint[] {
  const list = listOf(value).map(parseConstraint)
  return list.every((one) => one !== undefined) ? list : []
}

function parseConstraint(value: unknown): Constraint | undefined {
  const op = field(value, 'op')
  const expr = field(value, 'expr')
  if (typeof op === 'string' ? !/^\d{1,9}$/.test(op) : !Number.isInteger(op)) return undefined
  if (typeof expr !== 'string' && typeof expr !== 'number') return undefined
  return constraint(Number(op), String(expr))
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
