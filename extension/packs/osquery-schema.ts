/**
 * Tables of osquery's own, as data from its public specification, so that a query can be checked without an osquery.
 *
 * All tables that osquery builds for Windows, macOS and Linux, in the release that packs/osquery-schema.json names: a
 * column is its type and, behind it, its options as the specification has them. Bound without rows the tables let
 * SQLite prepare a statement; with rows a test can ask what a query finds. That events must be switched on, and
 * whatever else happens inside a table, is not imitated.
 */
import type { ConstructedTable } from '../domain/constructed-table.ts'
import { type Platform, platforms } from '../domain/platform.ts'
import { shippedText } from '../runtime/resources.ts'
import {
  type BoundTable,
  bind,
  type Cell,
  type Collation,
  type ColumnOptions,
  type Columns,
  type ColumnType,
  columnTypes,
  defineTable,
} from '../sdk/index.ts'

/** A table as osquery specifies it. */
export interface OsqueryTable {
  readonly name: string
  readonly platforms: readonly Platform[]
  /** Names that it had before and still answers to. */
  readonly aliases: readonly string[]
  /** Rows come from events that were recorded before. */
  readonly isEvented: boolean
  readonly columns: readonly OsqueryColumn[]
}

/** A column of one. */
export interface OsqueryColumn {
  readonly name: string
  readonly type: ColumnType
  readonly options: ColumnOptions
  /** Where it has values. On others osquery has it too, hidden and empty; here it is missing there, for a check to see. */
  readonly platforms: readonly Platform[]
}

/** The specification of one release. */
export interface OsquerySchema {
  /** The release, such as `5.23.1`. */
  readonly version: string
  /** Functions that it adds to SQLite. */
  readonly functions: readonly string[]
  readonly tables: ReadonlyMap<string, OsqueryTable>
}

/** Rows of tables by the table's name. */
export type OsqueryRows = Readonly<Record<string, readonly Readonly<Record<string, Cell>>[]>>

/** The file's shape: a column is its type, flags, and `key=value` words, in one text. */
interface SchemaDocument {
  readonly version: string
  readonly functions: readonly string[]
  readonly tables: Readonly<Record<string, TableDocument>>
}

interface TableDocument {
  readonly platforms: readonly Platform[]
  readonly aliases?: readonly string[]
  readonly evented?: true
  readonly columns: Readonly<Record<string, string>>
}

let parsed: OsquerySchema | undefined

/** The specification; read when it is first asked for. */
export function osquerySchema(): OsquerySchema {
  parsed ??= parseSchema(JSON.parse(shippedText('packs/osquery-schema.json')) as SchemaDocument)
  return parsed
}

/** The table of a name or former name, in any case, as SQL has it. */
export function osqueryTable(name: string): OsqueryTable | undefined {
  const { tables } = osquerySchema()
  const sought = name.toLowerCase()
  return tables.get(sought) ?? [...tables.values()].find(({ aliases }) => aliases.includes(sought))
}

/** A table that osquery constructs: every column a text, and the path of the database. */
export function constructedAsOsquery({ name, platform, columns }: ConstructedTable): OsqueryTable {
  const text = (column: string): OsqueryColumn => ({ name: column, type: 'TEXT', options: {}, platforms: [platform] })
  return { name, platforms: [platform], aliases: [], isEvented: false, columns: [...columns, 'path'].map(text) }
}

/** What narrows or adds to osquery's own tables. */
export interface OsqueryTablesWanted {
  /** Tables that none of these statements names are left out: to declare all takes SQLite a second. */
  readonly statements?: readonly string[]
  /** Tables that packs construct. */
  readonly constructed?: readonly ConstructedTable[]
}

/** The tables that osquery has on a platform, with the columns it has there, and rows in them. */
export function osqueryTables(
  platform: Platform,
  rows: OsqueryRows = {},
  { statements, constructed = [] }: OsqueryTablesWanted = {},
): BoundTable[] {
  const named = statements && wordsOf(statements)
  const made = constructed.map((one) => [one.name, constructedAsOsquery(one)] as const)
  return [...osquerySchema().tables, ...made]
    .filter(([, table]) => table.platforms.includes(platform))
    .filter(([name, { aliases }]) => named === undefined || [name, ...aliases].some((one) => named.has(one)))
    .map(([name, table]) => bound(name, table, platform, rows[name] ?? []))
}

/** Every word of statements, lower case: whatever a statement reads is among them, however it is quoted. */
function wordsOf(statements: readonly string[]): ReadonlySet<string> {
  return new Set(statements.flatMap((sql) => sql.toLowerCase().match(/\w+/g) ?? []))
}

function parseSchema({ version, functions, tables }: SchemaDocument): OsquerySchema {
  const read = ([name, table]: [string, TableDocument]) => {
    const columns = Object.entries(table.columns).map(([column, text]) => parseColumn(column, text, table.platforms))
    const { platforms: where, aliases = [], evented: isEvented = false } = table
    return [name, { name, platforms: where, aliases, isEvented, columns }] as const
  }
  return { version, functions, tables: new Map(Object.entries(tables).map(read)) }
}

const flags = ['index', 'required', 'additional', 'optimized', 'hidden'] as const

/** `TEXT index required on=windows,darwin`: the type comes first and may have two words. */
function parseColumn(name: string, text: string, everywhere: readonly Platform[]): OsqueryColumn {
  const type = columnTypes.find((one) => text === one || text.startsWith(`${one} `))
  if (type === undefined) throw new Error(`packs/osquery-schema.json: column ${name}: no type in ${text}`)
  const words = text.slice(type.length).split(' ').filter(Boolean)
  const wordOf = (key: string) => words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1)
  const [collate, aka, on] = [wordOf('collate'), wordOf('aka'), wordOf('on')]
  return {
    name: name.toLowerCase(),
    type,
    options: {
      ...Object.fromEntries(flags.filter((flag) => words.includes(flag)).map((flag) => [flag, true])),
      ...(collate !== undefined && { collate: collate as Collation }),
      ...(aka !== undefined && { aliases: aka.split(',') }),
    },
    platforms: on === undefined ? everywhere : platforms.filter((one) => on.split(',').includes(one)),
  }
}

/** quicklook_cache has such a column; to SQLite every table of ours has one of that name already. */
const rowidName = 'rowid'

function bound(name: string, table: OsqueryTable, platform: Platform, rows: OsqueryRows[string] & object): BoundTable {
  const there = table.columns.filter((column) => column.platforms.includes(platform) && column.name !== rowidName)
  const columns: Columns = Object.fromEntries(
    there.map(({ name: column, type, options }) => [column, { type, options, description: `${name}.${column}` }]),
  )
  const definition = defineTable({
    name,
    description: `Table ${name} of osquery.`,
    platforms: [...table.platforms],
    aliases: table.aliases,
    columns,
    identity: there.map((column) => column.name),
    examples: [`SELECT * FROM ${name}`],
    async *generate() {
      yield* rows as readonly Record<string, never>[] // cells of declared columns
    },
  })
  return bind(definition, undefined)
}
