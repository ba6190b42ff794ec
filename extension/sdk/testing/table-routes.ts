/**
 * Routes, read as osquery reads them: columns, their options, other names.
 *
 * Values are text and may be anything. An `op` that is missing or no number counts as 0, entries without a known `id`
 * are passed over, a type nobody knows makes a column whose values are lost. `osquery/core/tables.cpp`.
 */
import type { BoundColumn } from '../cells.ts'
import { type Collation, type ColumnOptions, type ColumnType, columnTypes } from '../columns.ts'
import type { Route } from '../routes.ts'

/** A column as it was registered. */
export interface RoutedColumn {
  readonly name: string
  /** As registered; undefined when osquery does not know it. */
  readonly type: ColumnType | undefined
  readonly options: ColumnOptions
  /** The column whose values it shows, for another name of a column. */
  readonly target: string | undefined
}

/** A table as it was registered. */
export interface RoutedTable {
  readonly aliases: readonly string[]
  /** Own columns first, in order, then other names. */
  readonly columns: readonly RoutedColumn[]
}

/** Why SQLite or osquery would refuse a table with these routes. */
export function routeProblem(routes: readonly Route[]): string | undefined {
  if (routes.length === 0) return 'Invalid route info'
  const names = readRoutes(routes).columns.map(({ name }) => name.toLowerCase())
  const isDeclarable = names.length > 0 && names.every((name, at) => isName(name) && names.indexOf(name) === at)
  return isDeclarable ? undefined : 'SQLITE_ERROR'
}

/** osquery quotes names with backticks, the engine here with double quotes: neither can hold its own. */
function isName(name: string): boolean {
  return name !== '' && !/[`"\0]/.test(name)
}

/** Reads routes. */
export function readRoutes(routes: readonly Route[]): RoutedTable {
  const own = routes
    .filter(({ id }) => id === 'column')
    .map(({ name = '', type = '', op = '' }) => ({
      name,
      type: columnTypes.find((one) => one === type),
      options: optionsOf(Number.parseInt(op, 10) || 0),
      target: undefined,
    }))
  const others = routes
    .filter(({ id }) => id === 'columnAlias')
    .flatMap(({ name = '', target = '' }) => {
      const column = own.find((one) => one.name === target)
      return column ? [{ name, type: column.type, options: { hidden: true }, target }] : []
    })
  const aliases = routes.filter(({ id }) => id === 'alias').flatMap(({ alias }) => (alias ? [alias] : []))
  return { aliases, columns: [...own, ...others] }
}

/** A column for the engine. */
export function boundColumn({ name, type, options }: RoutedColumn): BoundColumn {
  return { name, type: type ?? 'BLOB', description: '', options }
}

const collations: readonly (readonly [number, Collation])[] = [
  [32, 'binary'],
  [64, 'nocase'],
  [128, 'rtrim'],
  [256, 'version'],
  [512, 'version_arch'],
  [1024, 'version_dpkg'],
  [2048, 'version_rhel'],
]

function optionsOf(op: number): ColumnOptions {
  const collate = collations.find(([bit]) => (op & bit) !== 0)?.[1]
  return {
    index: (op & 1) !== 0,
    required: (op & 2) !== 0,
    additional: (op & 4) !== 0,
    optimized: (op & 8) !== 0,
    hidden: (op & 16) !== 0,
    ...(collate && { collate }),
  }
}
