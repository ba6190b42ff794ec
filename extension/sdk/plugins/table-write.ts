/**
 * INSERT, UPDATE and DELETE as osquery sends them: `json_value_array` in column order, ids as decimal text.
 *
 * The answer is one row with a status word; only what nobody foresaw is a failed call. `osquery/sql/virtual_table.cpp`,
 * xUpdate.
 */
import type { BoundTable } from '../bind.ts'
import type { BoundColumn } from '../cells.ts'
import type { Cell } from '../columns.ts'
import { parseCells } from '../json-cells.ts'
import { messageOf, type PluginRequest } from '../plugin.ts'
import { type EncodedRows, encodeMaps } from '../wire/rows.ts'
import { ConstraintError } from '../writer.ts'

const markerColumn: BoundColumn = { name: '_truncated', type: 'INTEGER', description: '', options: {} }

/** What changes rows. */
export type WriteAction = 'insert' | 'update' | 'delete'

/** Carries a change out and says how it went. */
export async function write(
  table: BoundTable,
  action: WriteAction,
  request: PluginRequest,
  signal: AbortSignal,
): Promise<EncodedRows> {
  if (!table.write) {
    return encodeMaps([{ message: `table ${table.name} may not be modified`, status: 'readonly' }])
  }
  try {
    switch (action) {
      case 'insert': {
        refuseRowid(request['id'])
        const id = await table.write.insert(cellsOf(table, request), signal)
        return encodeMaps([{ id: String(id), status: 'success' }])
      }
      case 'update': {
        refuseRowid(request['new_id'], request['id'])
        const id = await table.write.update(idOf(request), cellsOf(table, request), signal)
        return encodeMaps([{ id: String(id), status: 'success' }])
      }
      case 'delete':
        await table.write.delete(idOf(request), signal)
    }
    return encodeMaps([{ status: 'success' }])
  } catch (error) {
    signal.throwIfAborted()
    const status = error instanceof ConstraintError ? 'constraint' : 'failure'
    return encodeMaps([{ message: messageOf(error), status }])
  }
}

function idOf(request: PluginRequest): bigint {
  const id = request['id'] ?? ''
  if (!/^-?\d{1,19}$/.test(id)) throw new Error(`the row's id is ${JSON.stringify(id)}; expected a decimal number`)
  return BigInt(id)
}

function cellsOf(table: BoundTable, request: PluginRequest): Cell[] {
  // The column that marks cut answers follows the table's own for osquery.
  return parseCells([...table.columns, markerColumn], request['json_value_array'] ?? '').slice(0, -1)
}

/** Row ids are made from the identity; one that a statement sets would not be found again. */
function refuseRowid(id: string | undefined, current?: string): void {
  if (id === undefined || id === current) return
  throw new Error('the row id is made from the identity of the row; do not set rowid')
}
