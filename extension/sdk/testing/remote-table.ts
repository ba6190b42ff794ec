/**
 * A registered table for the SQL engine: its columns from the routes, its rows from the extension.
 */
import type { BoundTable } from '../bind.ts'
import type { RemoteAnswer } from '../client.ts'
import type { BoundRow } from '../table.ts'
import { contextJson } from './context-json.ts'
import type { Item } from './registrations.ts'
import { remoteRowid, remoteValue } from './remote-values.ts'
import { remoteWriter } from './remote-writer.ts'
import { boundColumn, readRoutes } from './table-routes.ts'

/** Sends a request to the table's extension. */
export type Ask = (request: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<RemoteAnswer>

/** The table. A status other than success is an error with its message. */
export function remoteTable({ name, routes }: Item, ask: Ask): BoundTable {
  const { aliases, columns } = readRoutes(routes)
  return {
    name,
    description: '',
    aliases,
    routes,
    columns: columns.map(boundColumn),
    write: remoteWriter(name, columns, ask),
    async *generate(request, signal): AsyncGenerator<BoundRow, void, undefined> {
      const context = contextJson(columns, request)
      const { status, response } = await ask({ action: 'generate', context }, signal)
      if (status.code !== 0) throw new Error(status.message)
      for (const [at, row] of response.entries()) {
        const cells = columns.map((column) => remoteValue(column.type, row[column.target ?? column.name]))
        yield { rowid: remoteRowid(row, at), cells }
      }
    },
  }
}
