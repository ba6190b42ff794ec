/**
 * INSERT, UPDATE and DELETE as osquery sends them: `json_value_array` in column order, ids as decimal text.
 *
 * The answer is one row with a status word; only what nobody foresaw is a failed call. `osquery/sql/virtual_table.cpp`,
 * xUpdate.
 */
import type { BoundTable } from '../bind.ts'
import type { BoundColumn } from '../cells.ts'
import type { Cell } from '../columns.ts'
import { messageOf, type PluginRequest } from '../plugin.ts'
import { type EncodedRows, encodeMaps } from '../wire/rows.ts'
import { ConstraintError } from '../writer.ts'

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
        const id = await table.write.insert(cellsOf(table, request), signal)
        return encodeMaps([{ id: String(id), status: 'success' }])
      }
      case 'update':
        await table.write.update(idOf(request), cellsOf(table, request), signal)
        break
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
  const values: unknown = JSON.parse(request['json_value_array'] ?? '', exactIntegers)
  if (!Array.isArray(values)) throw new Error('json_value_array is no array')
  // The hidden column for cut answers is the last one osquery knows of; it is not the table's.
  return table.columns.map((column, at) => cell(column, values[at]))
}

/** JSON numbers beyond 2^53 keep their digits. */
function exactIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value
  return /^-?\d+$/.test(source) ? BigInt(source) : value
}

function cell(column: BoundColumn, value: unknown): Cell {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return column.type === 'BLOB' ? Buffer.from(value) : value
  if (typeof value === 'number' || typeof value === 'bigint') return value
  throw new ConstraintError(`column ${column.name} is ${JSON.stringify(value)}; expected a text, a number or null`)
}
