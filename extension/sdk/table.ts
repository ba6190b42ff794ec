/**
 * Tables: declared once, typed by their columns, served by any engine.
 *
 * A table is a value: name, documentation, columns, identity, examples, and a generator that gets the query's context
 * and the services it was bound to. What a reader needs is required, not recommended.
 */
import type { Cell, ColumnOptions, Columns, Row } from './columns.ts'
import type { QueryContext } from './query-context.ts'

/** osquery's table attributes, by name. */
export const attributeBits = { utility: 1, cacheable: 2, event_based: 4, user_based: 8, kernel_required: 16 } as const

/** Name of an attribute. */
export type Attribute = keyof typeof attributeBits

/** osquery's platform names. */
export type TablePlatform = 'windows' | 'darwin' | 'linux'

/** A row whose keys are columns and nothing else. */
type Exactly<C extends Columns, R> = { [Key in keyof R]: Key extends keyof C ? R[Key] : never }

/** A table. */
export interface Table<C extends Columns = Columns, Services = unknown> {
  readonly name: string
  readonly description: string
  readonly platforms: readonly TablePlatform[]
  readonly columns: C
  /** Columns whose values tell one row from another: the source of the rowid. */
  readonly identity: readonly (keyof C & string)[]
  /** Queries that teach the table; tests run them. */
  readonly examples: readonly [string, ...string[]]
  /** Other names of the table. */
  readonly aliases?: readonly string[]
  readonly attributes?: readonly Attribute[]
  generate(context: QueryContext<C>, services: Services): AsyncIterable<Row<C>>
}

/** Declares a table. Misspelt columns and wrong types do not compile; a bad declaration throws here, at once. */
export function defineTable<const C extends Columns, Services, R extends Row<C>>(
  table: Omit<Table<C, Services>, 'generate'> & {
    generate(context: QueryContext<C>, services: Services): AsyncIterable<R & Exactly<C, R>>
  },
): Table<C, Services> {
  const problem = problemOf(table)
  if (problem) throw new Error(`table ${JSON.stringify(table.name)}: ${problem}`)
  return Object.freeze({ ...table })
}

const snakeCase = /^[a-z][a-z0-9_]*$/

function problemOf(table: Omit<Table, 'generate'>): string | undefined {
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
  if (table.platforms.length === 0) return 'there is no platform'
  if (table.examples.length === 0) return 'there is no example'
  if (table.examples.some((example) => example.trim() === '')) return 'an example is empty'
  return undefined
}

function isConstrainable({ index, required, additional }: ColumnOptions): boolean {
  return Boolean(index || required || additional)
}

/** A row ready for an engine: its id, and a cell for every column in order. */
export interface BoundRow {
  readonly rowid: bigint
  readonly cells: readonly Cell[]
}
