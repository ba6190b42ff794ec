/**
 * INSERT, UPDATE and DELETE on a registered table, sent to its extension as osquery sends them.
 *
 * Whether a table can be changed is not registered anywhere: the extension says so when it is asked.
 * `osquery/sql/virtual_table.cpp`, xUpdate.
 */

import { rowsOf, type TextRow } from '../client.ts'
import type { Cell } from '../columns.ts'
import { ConstraintError, type TableWriter } from '../writer.ts'
import type { Ask } from './remote-table.ts'
import type { RoutedColumn } from './table-routes.ts'

/** osquery says nothing of the query around a change. */
const context = '{"constraints":[]}'

/** Changes the table through its extension. */
export function remoteWriter(table: string, columns: readonly RoutedColumn[], ask: Ask): TableWriter {
  const own = columns.filter(({ target }) => target === undefined)

  async function change(request: Readonly<Record<string, string>>, signal: AbortSignal): Promise<TextRow> {
    const rows = rowsOf(await ask({ ...request, context }, signal))
    const [row = {}] = rows
    const { status = '', message = '' } = row
    if (rows.length === 1 && status === 'success') return row
    if (status === 'readonly') throw new Error(`table ${table} may not be modified`)
    if (status === 'constraint') throw new ConstraintError(message || 'constraint failed')
    throw new Error(message || `the extension answered a change of table ${table} with ${JSON.stringify(row)}`)
  }

  return {
    async insert(cells, signal) {
      const json_value_array = jsonValues(own, cells)
      const { id = '' } = await change({ action: 'insert', auto_rowid: 'false', json_value_array }, signal)
      if (!/^-?\d+$/.test(id)) throw new Error(`the extension gave the new row of table ${table} no id`)
      return BigInt(id)
    },
    async update(rowid, cells, signal) {
      await change({ action: 'update', id: String(rowid), json_value_array: jsonValues(own, cells) }, signal)
      return rowid
    },
    async delete(rowid, signal) {
      await change({ action: 'delete', id: String(rowid) }, signal)
    },
  }
}

/** Integers keep all of their digits. */
function jsonValues(columns: readonly RoutedColumn[], cells: readonly Cell[]): string {
  const values = columns.map(({ type }, at) => {
    const cell = cells[at] ?? null
    if (typeof cell === 'bigint') return String(cell)
    if (cell instanceof Uint8Array) return JSON.stringify(Buffer.from(cell).toString())
    return type === 'DOUBLE' && Number.isInteger(cell) ? `${String(cell)}.0` : JSON.stringify(cell)
  })
  return `[${values.join(',')}]`
}
