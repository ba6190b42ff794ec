/**
 * Statements of packs, prepared by SQLite against the tables they will meet: ours, and osquery's as specified.
 *
 * Nothing is run. A statement is prepared once for each platform that its header names, because osquery's tables and
 * columns differ there; the columns of its answer are what renderers and checks go by.
 */
import type { HuntingQuery } from '../domain/hunting-query.ts'
import { type Platform, platforms } from '../domain/platform.ts'
import { openSql, type SqlDatabase } from '../sdk/sql/index.ts'
import { bindTablesLate, tables as ourTables } from '../tables/index.ts'
import { osqueryTables } from './osquery-schema.ts'

/** What SQLite says of a statement on one platform. */
export type Prepared = { readonly columns: readonly string[] } | { readonly problem: string }

/** Prepares statements. */
export interface Preparer {
  prepare(sql: string, platform: Platform): Promise<Prepared>
  /** Columns of a query; throws where it does not prepare. */
  columnsOf(query: HuntingQuery): Promise<readonly string[]>
  close(): Promise<void>
}

/** Opens a database per platform; our tables are there on those they name. */
export async function openPreparer(): Promise<Preparer> {
  const databases = new Map<Platform, SqlDatabase>()
  const close = async () => {
    for (const database of databases.values()) await database.close()
  }
  try {
    for (const platform of platforms) databases.set(platform, await openSql(tablesOf(platform)))
  } catch (cause) {
    await close()
    throw cause
  }
  const prepare = async (sql: string, platform: Platform): Promise<Prepared> => {
    try {
      return { columns: (await databases.get(platform)?.columns(sql)) ?? [] }
    } catch (cause) {
      return { problem: cause instanceof Error ? cause.message : String(cause) }
    }
  }
  const columnsOf = async ({ pack, name, sql, platforms: [platform = 'linux'] }: HuntingQuery) => {
    const prepared = await prepare(sql, platform)
    if ('columns' in prepared) return prepared.columns
    throw new Error(`${pack}/${name} does not prepare on ${platform}: ${prepared.problem}. Run threecx packs check.`)
  }
  return { prepare, columnsOf, close }
}

function tablesOf(platform: Platform) {
  const ours = bindTablesLate(() => Promise.reject(new Error('statements are prepared here, not run')))
  const there = new Set<string>(ourTables.filter((table) => table.platforms.includes(platform)).map(({ name }) => name))
  return [...ours.filter(({ name }) => there.has(name)), ...osqueryTables(platform)]
}
