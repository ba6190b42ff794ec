/**
 * Binding to services that are not there yet.
 *
 * osquery wants to know a table's columns when the extension starts; what answers may take longer to open. The first
 * call waits for it. When opening failed, the call fails with its reason and the next one tries again. Each call asks which
 * services there are now, and keeps those it got to its end: they may be exchanged between two calls.
 */
import { type BoundTable, bind } from './bind.ts'
import type { Columns } from './columns.ts'
import type { Table } from './table.ts'

/** Binds a table to the services that `open` has when a call begins; it is asked by every call, so it shares them. */
export function bindLate<C extends Columns, Services>(
  table: Table<C, Services>,
  open: () => Promise<Services>,
): BoundTable {
  const { write, ...shape } = bind(table, undefined as Services) // only its shape is used: no services, no calls
  let last: { readonly services: Services; readonly table: BoundTable } | undefined
  const opened = async (): Promise<BoundTable> => {
    const services = await open()
    if (last?.services !== services) last = { services, table: bind(table, services) }
    return last.table
  }
  return {
    ...shape,
    async *generate(request, signal) {
      yield* (await opened()).generate(request, signal)
    },
    ...(write && {
      write: {
        insert: async (cells, signal) => writerOf(await opened()).insert(cells, signal),
        update: async (rowid, cells, signal) => writerOf(await opened()).update(rowid, cells, signal),
        delete: async (rowid, signal) => writerOf(await opened()).delete(rowid, signal),
      },
    }),
  }
}

function writerOf(table: BoundTable): NonNullable<BoundTable['write']> {
  if (!table.write) throw new Error(`table ${table.name} may not be modified`)
  return table.write
}
