/**
 * The `context` of a generate request, as osquery writes it.
 *
 * Every column is there, sorted by name, most with an empty list; another name of a column has the affinity UNKNOWN.
 * The bit set is an unsigned number of 64 bits, written out as JSON: readers that think in doubles lose its end.
 */
import type { TableRequest } from '../constraints.ts'
import type { RoutedColumn } from './table-routes.ts'

/** The context of a query. */
export function contextJson(columns: readonly RoutedColumn[], request: TableRequest): string {
  const sorted = [...columns].sort((a, b) => (a.name < b.name ? -1 : 1))
  const constraints = sorted.map(({ name, type, target }) => ({
    name,
    list: (request.constraints.get(name) ?? []).map(({ op, expr }) => ({ op, expr })),
    affinity: target === undefined ? (type ?? 'UNKNOWN') : 'UNKNOWN',
  }))
  const used = usedColumns(columns, request)
  const bits = columns.reduce(
    (mask, { name }, at) => (used.has(name) ? mask | (1n << BigInt(Math.min(at, 63))) : mask),
    0n,
  )
  const parts = JSON.stringify({ constraints, colsUsed: [...used] })
  return `${parts.slice(0, -1)},"colsUsedBitset":${bits}}`
}

/** Under their own names, whatever the query calls them. */
function usedColumns(columns: readonly RoutedColumn[], { columnsUsed }: TableRequest): ReadonlySet<string> {
  const asked = columns.filter(({ name }) => columnsUsed?.has(name) ?? true)
  return new Set(asked.map(({ name, target }) => target ?? name))
}
