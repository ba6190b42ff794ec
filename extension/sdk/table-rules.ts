/**
 * What a declaration of a table must meet, beyond what types can say.
 *
 * Checked once, when the table is declared: a name osquery would refuse, a column nobody explains, options that do
 * nothing. Everything here would otherwise show up on a machine, as a registration that is refused or a row that is lost.
 */
import type { ColumnOptions } from './columns.ts'
import type { Table } from './table.ts'

const snakeCase = /^[a-z][a-z0-9_]*$/

/** What is wrong with a declaration; undefined when it is sound. */
export function problemOf(table: Omit<Table, 'generate'>): string | undefined {
  const columns = Object.entries(table.columns)
  const tableNames = [table.name, ...(table.aliases ?? [])]
  const names = [...columns.map(([name]) => name), ...columns.flatMap(([, column]) => column.options.aliases ?? [])]
  const badName = [...tableNames, ...names].find((name) => !snakeCase.test(name))
  if (badName !== undefined) return `name ${JSON.stringify(badName)} is not snake_case`
  const reserved = tableNames.find((name) => name.startsWith('sqlite_'))
  if (reserved !== undefined) return `name ${JSON.stringify(reserved)} is reserved: SQLite owns sqlite_`
  const twin = tableNames.find((name, at) => tableNames.indexOf(name) !== at)
  if (twin !== undefined) return `alias ${JSON.stringify(twin)} is given twice`
  if (columns.length === 0) return 'there is no column'
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) return `column ${JSON.stringify(twice)} is declared twice`
  if (names.includes('rowid')) return 'rowid is set from the identity; no column may be called so'
  if (table.description.trim() === '') return 'the description is empty'
  const silent = columns.find(([, column]) => column.description.trim() === '')
  if (silent) return `column ${JSON.stringify(silent[0])} has no description`
  const stray = table.identity.find((name) => !Object.hasOwn(table.columns, name))
  if (stray !== undefined) return `identity names ${JSON.stringify(stray)}, which is no column`
  if (table.identity.length === 0) return 'the identity is empty'
  const idle = columns.find(([, { options }]) => options.optimized && !isConstrainable(options))
  if (idle) return `column ${JSON.stringify(idle[0])} is optimized but neither index, required nor additional`
  const lost = columns.find(([, { options }]) => options.hidden && (options.collate ?? 'binary') !== 'binary')
  if (lost)
    return `column ${JSON.stringify(lost[0])} is hidden and collated; SQLite loses the collation of hidden columns`
  if (table.platforms.length === 0) return 'there is no platform'
  if (table.examples.length === 0) return 'there is no example'
  if (table.examples.some((example) => example.trim() === '')) return 'an example is empty'
  return writingProblemOf(table)
}

function writingProblemOf(table: Omit<Table, 'generate'>): string | undefined {
  if (!table.insert && !table.update && !table.delete) return undefined
  const columns = Object.entries(table.columns)
  const required = columns.find(([, { options }]) => options.required)
  if (required) {
    return `column ${JSON.stringify(required[0])} is required; rows to change are looked for without constraints`
  }
  const aliased = table.update && columns.find(([, { options }]) => (options.aliases?.length ?? 0) > 0)
  if (aliased)
    return `column ${JSON.stringify(aliased[0])} has aliases; osquery cannot update a table with such a column`
  return undefined
}

function isConstrainable({ index, required, additional }: ColumnOptions): boolean {
  return Boolean(index || required || additional)
}
