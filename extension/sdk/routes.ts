/**
 * Routes: how a table describes itself to osquery when it registers, and when it is asked for its columns.
 *
 * All values are strings and every entry has an `id`; an entry without one makes every concurrent query of that
 * osquery fail. `osquery/core/tables.cpp`, routeInfo.
 */
import { optionBits } from './columns.ts'
import { attributeBits, type Table } from './table.ts'

/** One entry. */
export type Route = Readonly<Record<string, string>>

/** The routes of a table, whatever its columns and services. */
export function routes(table: Pick<Table, 'columns' | 'aliases' | 'attributes'>): Route[] {
  const columns = Object.entries(table.columns)
  const attributes = (table.attributes ?? []).reduce((bits, name) => bits | attributeBits[name], 0)
  return [
    ...columns.map(([name, column]) => ({
      id: 'column',
      name,
      type: column.type,
      op: String(optionBits(column.options)),
    })),
    ...(table.aliases ?? []).map((alias) => ({ id: 'alias', alias })),
    ...columns.flatMap(([target, column]) =>
      (column.options.aliases ?? []).map((name) => ({ id: 'columnAlias', name, target })),
    ),
    { id: 'attributes', attributes: String(attributes) },
  ]
}
