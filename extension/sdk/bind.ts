/**
 * Binding: a table and its services become something an engine can call without knowing types.
 *
 * Everything a generator yields is checked here once: names, types, ranges (`cells.ts`). Two rows of one identity are a
 * flaw of the table and an error. The writing half is `bound-writer.ts`.
 */
import { boundWriter } from './bound-writer.ts'
import { type BoundColumn, cellReader } from './cells.ts'
import type { Cell, Columns } from './columns.ts'
import type { TableRequest } from './constraints.ts'
import { queryContext } from './query-context.ts'
import { type Route, routes } from './routes.ts'
import { RowIds } from './row-ids.ts'
import { rowid, shownIdentity } from './rowid.ts'
import type { BoundRow, Table } from './table.ts'
import type { TableWriter } from './writer.ts'

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
  const readers = columns.map((column) => ({ name: column.name, read: cellReader(table.name, column) }))
  const identity = table.identity.map((name) => columns.findIndex((column) => column.name === name))

  async function* generate(request: TableRequest, signal: AbortSignal): AsyncGenerator<BoundRow, void, undefined> {
    const seen = new RowIds()
    for await (const row of table.generate(queryContext(table.columns, request, signal), services)) {
      signal.throwIfAborted()
      const values = valuesOf(table.name, names, row)
      const cells: Cell[] = []
      for (const { name, read } of readers) cells.push(read(values[name]))
      const key: Cell[] = []
      for (const at of identity) key.push(cells[at] ?? null)
      const id = rowid(key)
      if (!seen.add(id)) throw new Error(twinMessage(table.name, table.identity, key))
      yield { rowid: id, cells }
    }
  }
  const write = boundWriter(table, services, columns, generate)
  return {
    name: table.name,
    description: table.description,
    aliases: table.aliases ?? [],
    routes: routes(table),
    columns,
    generate,
    ...(write && { write }),
  }
}

function valuesOf(table: string, names: ReadonlySet<string>, row: unknown): Readonly<Record<string, unknown>> {
  if (typeof row !== 'object' || row === null) {
    throw new Error(`table ${table}: a row is ${String(row)}; expected an object of columns`)
  }
  for (const name in row) {
    if (names.has(name) || !Object.hasOwn(row, name)) continue
    throw new Error(`table ${table}: a row has ${JSON.stringify(name)}, which is no column`)
  }
  return row as Readonly<Record<string, unknown>> // its values are checked cell by cell
}

/**
 * Numbering twins would hide them: the branches of an OR are calls of their own, each would number its row first, and
 * SQLite would drop one of the two in silence.
 */
function twinMessage(table: string, names: readonly string[], identity: readonly Cell[]): string {
  const shown = shownIdentity(names, identity)
  return `table ${table}: two rows have the identity ${shown}; add a column to identity that tells them apart`
}
