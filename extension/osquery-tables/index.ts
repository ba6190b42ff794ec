/**
 * osquery's own tables, answered here: over an image, and as far as that goes over this machine.
 *
 * For queries that know no table of ours. Names, columns and types are those of packs/osquery-schema.json, so that a
 * query which prepares against the specification runs; what a table cannot tell is empty, and it says so in its module.
 */
import type { ConstructedTable } from '../domain/constructed-table.ts'
import { type Platform, platforms } from '../domain/platform.ts'
import {
  constructedAsOsquery,
  type OsqueryTable as OsquerySpecification,
  osquerySchema,
} from '../packs/osquery-schema.ts'
import { type BoundTable, bind, type Columns, defineTable, type QueryContext } from '../sdk/index.ts'
import { absent } from './absent.ts'
import { apps } from './apps.ts'
import { constructedTable } from './constructed.ts'
import { file } from './file.ts'
import { hash } from './hash.ts'
import { processes } from './processes.ts'
import { programs } from './programs.ts'
import type { OsqueryRow, OsqueryServices, OsqueryTable } from './services.ts'
import { users } from './users.ts'
import { yaraFile } from './yara-file.ts'

export { InlineRules } from './inline-rules.ts'
export { type OsqueryServices, type TableProblem, TableProblems } from './services.ts'

/** All tables, in the order of the documentation. */
export const osqueryTables: readonly OsqueryTable[] = [
  file,
  hash,
  yaraFile,
  users,
  programs,
  apps,
  processes,
  ...absent,
]

/** Rows of one call: as many as two full tables of files. */
const maxRows = 200_000

/**
 * The tables that osquery has on a platform, and those that packs construct there; on an unknown one all of them, with
 * all their columns.
 */
export function bindOsqueryTables(
  services: OsqueryServices,
  platform: Platform | undefined,
  constructed: readonly ConstructedTable[],
): BoundTable[] {
  const isHere = (on: readonly Platform[]) => platform === undefined || on.includes(platform)
  const { tables } = osquerySchema()
  const own = osqueryTables.map((table) => [table, tables.get(table.name)] as const)
  const made = constructed.map((one) => [constructedTable(one), constructedAsOsquery(one)] as const)
  return [...own, ...made].flatMap(([table, specified]) => {
    if (!specified || !isHere(specified.platforms)) return []
    const columns = specified.columns.filter((column) => isHere(column.platforms) && column.name !== 'rowid')
    return [bound(table, { ...specified, columns }, services)]
  })
}

function bound(table: OsqueryTable, specified: OsquerySpecification, services: OsqueryServices): BoundTable {
  const { name } = table
  const columns: Columns = Object.fromEntries(
    specified.columns.map(({ name: column, type, options }) => [
      column,
      { type, options, description: `${name}.${column}` },
    ]),
  )
  const definition = defineTable({
    name,
    description: `Table ${name} of osquery, answered without one.`,
    platforms: [...platforms],
    aliases: specified.aliases,
    columns,
    identity: Object.keys(columns),
    examples: [`SELECT * FROM ${name}`],
    async *generate(context: QueryContext<Columns>) {
      const seen = new Set<string>()
      for await (const row of table.rows(context, services)) {
        const cells = cellsOf(row, columns)
        const key = JSON.stringify(Object.values(cells), (_, value) => (typeof value === 'bigint' ? `${value}` : value))
        if (seen.has(key)) continue
        if (seen.size >= maxRows) {
          const message = `more than ${maxRows} rows; the others are left out`
          services.problems.add({ table: name, path: '', code: 'too_many', message })
          return
        }
        seen.add(key)
        yield cells as Record<string, never> // cells of declared columns
      }
    },
  })
  return bind(definition, undefined)
}

function cellsOf(row: OsqueryRow, columns: Columns): OsqueryRow {
  return Object.fromEntries(Object.keys(columns).map((column) => [column, row[column] ?? null]))
}
