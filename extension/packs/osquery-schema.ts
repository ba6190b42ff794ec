/**
 * Tables of osquery's own, as data from its public specification, so that a query can be checked without an osquery.
 *
 * Only tables that queries of the packs read are described (packs/osquery-schema.json). Bound without rows they let
 * SQLite prepare a statement; with rows a test can ask what a query finds. What osquery does beyond SQL (a path that
 * must be constrained, events that must be switched on) is not imitated.
 */
import { type Platform, platforms } from '../domain/platform.ts'
import { shippedText } from '../runtime/resources.ts'
import { type BoundTable, bind, type Cell, type Columns, defineTable } from '../sdk/index.ts'

/** A table as osquery specifies it. */
export interface OsqueryTable {
  readonly platforms: readonly Platform[]
  /** Rows come from events that were recorded before. */
  readonly evented?: true
  /** One of these must be constrained. */
  readonly required?: readonly string[]
  readonly columns: readonly OsqueryColumn[]
}

/** A column of one. */
export interface OsqueryColumn {
  readonly name: string
  readonly type: 'TEXT' | 'INTEGER' | 'BIGINT' | 'DOUBLE'
  /** Where it is there, when that is not everywhere. */
  readonly platforms?: readonly Platform[]
}

/** Rows of tables by the table's name. */
export type OsqueryRows = Readonly<Record<string, readonly Readonly<Record<string, Cell>>[]>>

/** The tables by name. */
export function osquerySchema(): Readonly<Record<string, OsqueryTable>> {
  const { tables } = JSON.parse(shippedText('packs/osquery-schema.json')) as { tables: Record<string, OsqueryTable> }
  return tables
}

/** The tables that osquery has on a platform, with the columns it has there. */
export function osqueryTables(platform: Platform, rows: OsqueryRows = {}): BoundTable[] {
  return Object.entries(osquerySchema())
    .filter(([, table]) => table.platforms.includes(platform))
    .map(([name, table]) => bound(name, table, platform, rows[name] ?? []))
}

function bound(name: string, table: OsqueryTable, platform: Platform, rows: OsqueryRows[string] & object): BoundTable {
  const there = table.columns.filter((column) => (column.platforms ?? platforms).includes(platform))
  const columns: Columns = Object.fromEntries(
    there.map((column) => [column.name, { type: column.type, description: `${name}.${column.name}`, options: {} }]),
  )
  const definition = defineTable({
    name,
    description: `Table ${name} of osquery.`,
    platforms: [...table.platforms],
    columns,
    identity: there.map((column) => column.name),
    examples: [`SELECT * FROM ${name}`],
    async *generate() {
      yield* rows as readonly Record<string, never>[] // cells of declared columns
    },
  })
  return bind(definition, undefined)
}
