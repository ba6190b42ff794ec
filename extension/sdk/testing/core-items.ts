/**
 * Plugins a core has of its own, called through the manager's `call`: its tables, `sql`, `config`, `logger`, `database`.
 */
import type { BoundTable } from '../bind.ts'
import type { TextRow } from '../client.ts'
import { parseRequest } from '../constraints.ts'
import { succeeded } from '../plugin.ts'
import type { PluginCall } from '../wire/responder.ts'
import type { Answer } from '../wire/response.ts'
import { RowEncoder } from '../wire/rows.ts'

/** What the plugins work on. */
export interface CoreParts {
  readonly tables: readonly BoundTable[]
  query(sql: string, signal: AbortSignal): Promise<readonly TextRow[]>
  /** A configuration was pushed. */
  updateConfig(source: string, data: string): void
}

/** Names besides tables. */
export const coreItemNames: readonly { readonly registry: string; readonly name: string }[] = [
  { registry: 'config', name: 'filesystem' },
  { registry: 'config', name: 'update' },
  { registry: 'database', name: 'rocksdb' },
  { registry: 'logger', name: 'filesystem' },
  { registry: 'sql', name: 'sql' },
]

/** Answers a call of one of the core's plugins; throws what becomes the status. */
export async function callCoreItem(
  { tables, query, updateConfig }: CoreParts,
  { registry, item, request }: PluginCall,
  signal: AbortSignal,
): Promise<Answer> {
  // Without a name the registry's active plugin is meant.
  const name = item === '' ? coreItemNames.find((one) => one.registry === registry)?.name : item
  switch (`${registry}/${name}`) {
    case 'sql/sql':
      return succeeded(await query(request['query'] ?? '', signal))
    case 'config/update':
      updateConfig(request['source'] ?? '', request['data'] ?? '')
      return succeeded()
    case 'config/filesystem':
      throw new Error('config file does not exist: /etc/osquery/osquery.conf')
    case 'logger/filesystem':
    case 'database/rocksdb':
      return succeeded()
  }
  const table = registry === 'table' ? tables.find(({ name }) => name === item) : undefined
  if (!table) throw new Error(`Cannot call registry item: ${item}`)
  return await callTable(table, request, signal)
}

async function callTable(table: BoundTable, request: PluginCall['request'], signal: AbortSignal): Promise<Answer> {
  const { action = '', context = '{}' } = request
  if (action === 'columns') return succeeded(table.routes)
  if (action !== 'generate') throw new Error(`Unknown table plugin action: ${action}`)
  const rows = new RowEncoder(table.columns.map(({ name }) => name))
  for await (const { cells } of table.generate(parseRequest(context), signal)) rows.add(cells)
  return { status: { code: 0, message: 'OK' }, rows: rows.finish() }
}
