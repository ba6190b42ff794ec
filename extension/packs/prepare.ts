/**
 * Statements of packs, prepared by SQLite against the tables they will meet: ours, and osquery's as specified.
 *
 * Nothing is run. A statement is prepared once for each platform that its header names, because osquery's tables and
 * columns differ there; the columns of its answer are what renderers and checks go by.
 */
import type { HuntingPack, HuntingQuery } from '../domain/hunting-query.ts'
import type { Platform } from '../domain/platform.ts'
import type { BoundTable } from '../sdk/index.ts'
import { openSql, type SqlDatabase } from '../sdk/sql/index.ts'
import { bindTablesLate, tables as ourTables } from '../tables/index.ts'
import { type OsqueryTablesWanted, osquerySchema, osqueryTables } from './osquery-schema.ts'

/** What SQLite says of a statement on one platform. */
export type Prepared = { readonly columns: readonly string[] } | { readonly problem: string }

/** Prepares statements. */
export interface Preparer {
  prepare(sql: string, platform: Platform): Promise<Prepared>
  /** Columns of a query; throws where it does not prepare. */
  columnsOf(query: HuntingQuery): Promise<readonly string[]>
  close(): Promise<void>
}

/** The part of a pack that is prepared. */
export type Preparable = Pick<HuntingPack, 'discovery' | 'queries' | 'constructed'>

/**
 * A preparer for the statements of packs, and for no others: of osquery's tables it has those that these name. Each
 * platform has a database, opened when a statement is for it.
 */
export function openPreparer(packs: readonly Preparable[]): Preparer {
  const statements = packs.flatMap(({ discovery, queries }) => [...discovery, ...queries.map(({ sql }) => sql)])
  const constructed = packs.flatMap((pack) => pack.constructed)
  const databases = new Map<Platform, Promise<SqlDatabase>>()
  const databaseOf = (platform: Platform) => {
    const { functions: declaredFunctions } = osquerySchema()
    const tables = tablesOf(platform, { statements, constructed })
    const open = databases.get(platform) ?? openSql(tables, { declaredFunctions })
    databases.set(platform, open)
    return open
  }
  const prepare = async (sql: string, platform: Platform): Promise<Prepared> => {
    const database = await databaseOf(platform)
    try {
      const columns = await database.columns(sql)
      const { rows } = await database.query(`EXPLAIN QUERY PLAN ${sql}`)
      const unsatisfied = rows.flatMap(({ detail }) => unconstrained.exec(String(detail))?.[1] ?? [])
      return unsatisfied.length === 0 ? { columns } : { problem: unconstrainedProblem(unsatisfied) }
    } catch (cause) {
      return { problem: cause instanceof Error ? cause.message : String(cause) }
    }
  }
  const columnsOf = async ({ pack, name, sql, platforms: [platform = 'linux'] }: HuntingQuery) => {
    const prepared = await prepare(sql, platform)
    if ('columns' in prepared) return prepared.columns
    throw new Error(`${pack}/${name} does not prepare on ${platform}: ${prepared.problem}. Run threecx packs check.`)
  }
  const close = async () => {
    for (const opening of databases.values()) await (await opening.catch(() => undefined))?.close()
  }
  return { prepare, columnsOf, close }
}

/** Index number 0 says that no required column is constrained (`best-index.ts`); the name is the alias, if any. */
const unconstrained = /^SCAN (.+?) (?:EXISTS )?VIRTUAL TABLE INDEX 0:/

function unconstrainedProblem(names: readonly string[]): string {
  const which = [...new Set(names)].map((name) => JSON.stringify(name)).join(', ')
  return `${which} is read without a condition on a column that osquery requires for it`
}

function tablesOf(platform: Platform, wanted: OsqueryTablesWanted): BoundTable[] {
  const ours = bindTablesLate(() => Promise.reject(new Error('statements are prepared here, not run')))
  const there = new Set<string>(ourTables.filter((table) => table.platforms.includes(platform)).map(({ name }) => name))
  return [...ours.filter(({ name }) => there.has(name)), ...osqueryTables(platform, {}, wanted)]
}
