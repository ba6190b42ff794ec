/**
 * Binding: a table and its services become something an engine can call without knowing types.
 *
 * Everything a generator yields is checked here once: names, types, ranges. What osquery would alter in silence (an
 * INTEGER beyond 32 bits, a number with a fraction in an integer column) is an error that names table and column.
 */
import type { Cell, Column, Columns, ColumnType } from './columns.ts'
import type { TableRequest } from './constraints.ts'
import { queryContext } from './query-context.ts'
import { type Route, routes } from './routes.ts'
import { rowid } from './rowid.ts'
import type { BoundRow, Table } from './table.ts'
import type { TableWriter } from './writer.ts'

/** A column as an engine sees it. */
export interface BoundColumn extends Column {
  readonly name: string
}

/** A table as an engine sees it. */
export interface BoundTable {
  readonly name: string
  readonly description: string
  readonly aliases: readonly string[]
  /** What osquery is told at registration, and whenever it asks for the columns. */
  readonly routes: readonly Route[]
  readonly columns: readonly BoundColumn[]
  /** Rows for a request; throws what the table throws, and on rows that do not fit the columns. */
  generate(request: TableRequest, signal: AbortSignal): AsyncGenerator<BoundRow, void, undefined>
  /** Undefined when the table is read only. */
  readonly write?: TableWriter
}

/** Binds a table to its services. */
export function bind<C extends Columns, Services>(table: Table<C, Services>, services: Services): BoundTable {
  const columns: BoundColumn[] = Object.entries(table.columns).map(([name, column]) => ({ name, ...column }))
  const names = new Set(columns.map((column) => column.name))
  const identity = table.identity.map((name) => columns.findIndex((column) => column.name === name))

  async function* generate(request: TableRequest, signal: AbortSignal): AsyncGenerator<BoundRow, void, undefined> {
    const seen = new Set<bigint>()
    for await (const row of table.generate(queryContext(table.columns, request, signal), services)) {
      signal.throwIfAborted()
      const values = valuesOf(table.name, names, row)
      const cells = columns.map((column) => cell(table.name, column, values[column.name]))
      const key = identity.map((at) => cells[at] ?? null)
      const id = rowid(key)
      if (seen.has(id)) throw new Error(twinMessage(table.name, table.identity, key))
      seen.add(id)
      yield { rowid: id, cells }
    }
  }
  return {
    name: table.name,
    description: table.description,
    aliases: table.aliases ?? [],
    routes: routes(table),
    columns,
    generate,
  }
}

function valuesOf(table: string, names: ReadonlySet<string>, row: unknown): Readonly<Record<string, unknown>> {
  if (typeof row !== 'object' || row === null) {
    throw new Error(`table ${table}: a row is ${String(row)}; expected an object of columns`)
  }
  const stray = Object.keys(row).find((name) => !names.has(name))
  if (stray !== undefined) throw new Error(`table ${table}: a row has ${JSON.stringify(stray)}, which is no column`)
  return row as Readonly<Record<string, unknown>> // its values are checked cell by cell
}

/**
 * Two rows of one identity are a flaw of the table, and are said so. Numbering them would hide it: the branches of an
 * OR are calls of their own, each would number its row first, and SQLite would drop one of the two in silence.
 */
function twinMessage(table: string, names: readonly string[], identity: readonly Cell[]): string {
  const shown = names.map((name, at) => `${name} ${JSON.stringify(String(identity[at] ?? 'NULL').slice(0, 80))}`)
  return `table ${table}: two rows have the identity ${shown.join(', ')}; add a column to identity that tells them apart`
}

const minInt64 = -(2n ** 63n)
const maxInt64 = 2n ** 63n - 1n

function cell(table: string, column: BoundColumn, value: unknown): Cell {
  if (value === undefined || value === null) return column.type === 'TEXT' ? '' : null
  const checked = checkers[column.type](value)
  if (checked !== undefined) return checked
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value).slice(0, 80)
  throw new Error(`table ${table}: column ${column.name} is ${shown} (${typeof value}); expected ${fits[column.type]}`)
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
