/**
 * Routes: how a table describes itself to osquery when it registers, and when it is asked for its columns.
 *
 * All values are strings and every entry has an `id`; an entry without one makes every concurrent query of that
 * osquery fail. Order of entries and of their keys is that of the C++ SDK, whose maps are sorted, so that the bytes on
 * the wire are its own. `osquery/core/tables.cpp`, routeInfo.
 */
import { optionBits } from './columns.ts'
import { attributeBits, type Table } from './table.ts'

/** One entry. */
export type Route = Readonly<Record<string, string>>

/** The routes of a table, whatever its columns and services. */
export function routes(table: Pick<Table, 'columns' | 'aliases' | 'attributes'>): Route[] {
  const columns = Object.entries(table.columns)
  const attributes = (table.attributes ?? []).reduce((bits, name) => bits | attributeBits[name], 0)
  const columnAliases = columns
    .flatMap(([target, { options }]) => (options.aliases ?? []).map((name) => ({ id: 'columnAlias', name, target })))
    .sort((a, b) => order(a.target, b.target) || order(a.name, b.name))
  return [
    ...columns.map(([name, { type, options }]) => ({ id: 'column', name, op: String(optionBits(options)), type })),
    ...(table.aliases ?? []).map((alias) => ({ alias, id: 'alias' })),
    ...columnAliases,
    { attributes: String(attributes), id: 'attributes' },
  ]
}

function order(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1
}
