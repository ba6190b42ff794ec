/**
 * Binding, the writing half: changes by row id become changes of rows.
 *
 * A row id is a hash, so the row it names is looked for: every update and delete runs the table's generator once,
 * without constraints, and every insert runs it for the identities. That is one pass over the table per changed row;
 * tables that are written to are small. Changes of one table run one after the other, so that nothing slips in between
 * looking and writing; a change that ignores its signal holds up the next ones.
 */
import { type BoundColumn, cellOf } from './cells.ts'
import type { Cell, Columns, StoredRow } from './columns.ts'
import type { TableRequest } from './constraints.ts'
import { rowid, shownIdentity } from './rowid.ts'
import type { BoundRow, Table } from './table.ts'
import { Turns } from './turns.ts'
import { ConstraintError, type TableWriter } from './writer.ts'

type Generate = (request: TableRequest, signal: AbortSignal) => AsyncIterable<BoundRow>

/** The writer of a table; undefined when the table writes nothing. */
export function boundWriter<C extends Columns, Services>(
  table: Table<C, Services>,
  services: Services,
  columns: readonly BoundColumn[],
  generate: Generate,
): TableWriter | undefined {
  if (!table.insert && !table.update && !table.delete) return undefined
  const turns = new Turns()
  const everything: TableRequest = { constraints: new Map(), columnsUsed: undefined }
  const identities: TableRequest = { constraints: new Map(), columnsUsed: new Set(table.identity) }

  const checked = (cells: readonly Cell[]): readonly Cell[] => {
    if (cells.length !== columns.length) {
      throw new Error(`table ${table.name}: a row of ${cells.length} cells was given; expected ${columns.length}`)
    }
    return columns.map((column, at) => cellOf(table.name, column, cells[at]))
  }
  const rowOf = (cells: readonly Cell[]) =>
    Object.fromEntries(columns.map(({ name }, at) => [name, cells[at] ?? null])) as StoredRow<C> // checked cells
  const keyOf = (cells: readonly Cell[]) => {
    const row: Readonly<Record<string, Cell>> = rowOf(cells)
    return table.identity.map((name) => row[name] ?? null)
  }
  const refuseTwin = (key: readonly Cell[]): never => {
    throw new ConstraintError(
      `table ${table.name} already has a row with ${shownIdentity(table.identity, key)}; these tell its rows apart`,
    )
  }
  const missing = (verb: string): never => {
    throw new Error(`rows of table ${table.name} cannot be ${verb}: the table does not offer it`)
  }
  const found = (id: bigint, row: BoundRow | undefined): BoundRow => {
    if (row) return row
    throw new Error(`table ${table.name} has no row with the id ${id}; it may have gone since it was read`)
  }
  /** Rows among the given ids. Ends as soon as all have been seen. */
  const look = async (request: TableRequest, ids: ReadonlySet<bigint>, signal: AbortSignal) => {
    const rows = new Map<bigint, BoundRow>()
    for await (const row of generate(request, signal)) {
      if (ids.has(row.rowid)) rows.set(row.rowid, row)
      if (rows.size === ids.size) break
    }
    signal.throwIfAborted()
    return rows
  }

  return {
    insert: (cells, signal) =>
      turns.take(signal, async () => {
        if (!table.insert) return missing('inserted')
        const full = checked(cells)
        const key = keyOf(full)
        const id = rowid(key)
        if ((await look(identities, new Set([id]), signal)).has(id)) refuseTwin(key)
        await table.insert(rowOf(full), services, signal)
        return id
      }),
    update: (old, cells, signal) =>
      turns.take(signal, async () => {
        if (!table.update) return missing('updated')
        const full = checked(cells)
        const key = keyOf(full)
        const id = rowid(key)
        const rows = await look(everything, new Set([old, id]), signal)
        const previous = found(old, rows.get(old))
        if (id !== old && rows.has(id)) refuseTwin(key)
        await table.update(rowOf(full), rowOf(previous.cells), services, signal)
        return id
      }),
    delete: (id, signal) =>
      turns.take(signal, async () => {
        if (!table.delete) return missing('deleted')
        const rows = await look(everything, new Set([id]), signal)
        await table.delete(rowOf(found(id, rows.get(id)).cells), services, signal)
      }),
  }
}
