/**
 * Whether an opened database is whole enough to be worked with, as far as that can be told without reading all of a
 * large one.
 *
 * The structure is checked by SQLite up to a size; the names and columns of tables are compared with those of a fresh
 * database, because a bit flipped in a table's name would otherwise make an empty second table. Values prove
 * themselves by checksums when they are read.
 */
import { DatabaseSync } from 'node:sqlite'
import { HunterError } from '../../extension/domain/errors.ts'
import { isDamage } from './failures.ts'
import type { StorePart } from './store.ts'
import { applicationId, schemaOf, statedVersion, storeVersion } from './store-file.ts'

/** Size up to which every page's structure is looked at, at about a gigabyte a second. */
const maxCheckedBytes = 256 * 1024 * 1024

/** What is wrong, in one line; undefined: nothing was found. Throws `state_unusable` for a file that is not to be touched. */
export function findDamage(
  database: DatabaseSync,
  path: string,
  parts: readonly StorePart[],
  isSuspect: boolean,
): string | undefined {
  try {
    const version = pragma(database, 'user_version')
    const stated = valueOrDamage(() => statedVersion(database))
    refuseForeign(path, version, pragma(database, 'application_id'), stated)
    if (stated === undefined) return 'the row that says whose file it is, is missing or damaged'
    if (version !== storeVersion) return `the header states version ${version}, the file is of version ${stated}`
    return findBrokenPage(database, isSuspect) ?? findStrangeTable(database, parts) ?? findWrongValue(database, parts)
  } catch (error) {
    if (isDamage(error) && error instanceof Error) return error.message
    throw error
  }
}

/** A newer or somebody else's file is refused, unless the identity row says that only the header is wrong. */
function refuseForeign(path: string, version: number, application: number, stated: number | undefined): void {
  if (stated !== undefined ? stated > storeVersion : version > storeVersion && application === applicationId) {
    throw new HunterError(
      'state_unusable',
      `cannot open ${path}: it was written by a newer version (state version ${stated ?? version}); expected version ${storeVersion} or older. Install the newer version again, or move the file away to start anew`,
    )
  }
  if (stated === undefined && application !== applicationId && application !== 0) {
    throw new HunterError(
      'state_unusable',
      `cannot open ${path}: it belongs to another program (application id ${application}); expected ${applicationId}. Give another state directory`,
    )
  }
}

function valueOrDamage<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch (error) {
    if (isDamage(error) || (error instanceof Error && /no such (table|column)/.test(error.message))) return undefined
    throw error
  }
}

function findBrokenPage(database: DatabaseSync, isSuspect: boolean): string | undefined {
  const bytes = pragma(database, 'page_count') * pragma(database, 'page_size')
  if (!isSuspect && bytes > maxCheckedBytes) return undefined
  const said = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
  return said === 'ok' ? undefined : String(said).replaceAll('\n', ' ')
}

/** A table of ours that is missing while one is there that nobody knows, or one with other columns than ours. */
function findStrangeTable(database: DatabaseSync, parts: readonly StorePart[]): string | undefined {
  const expected = expectedTables(parts)
  const found = tablesOf(database)
  const missing = [...expected.keys()].filter((name) => !found.has(name))
  const unknown = [...found.keys()].filter((name) => !expected.has(name))
  if (missing.length > 0 && unknown.length > 0) return `table ${missing[0]} is missing and ${unknown[0]} is unknown`
  const changed = [...expected].find(([name, sql]) => found.has(name) && found.get(name) !== sql)
  return changed ? `table ${changed[0]} is not as it was made` : undefined
}

/** What a part says of its values, where its tables are there already. */
function findWrongValue(database: DatabaseSync, parts: readonly StorePart[]): string | undefined {
  const found = tablesOf(database)
  for (const part of parts) {
    const isThere = [...expectedTables([part]).keys()].every((name) => found.has(name))
    const wrong = isThere ? part.verify?.(database) : undefined
    if (wrong !== undefined) return wrong
  }
  return undefined
}

/** Tables and indices of the parts, with their statements, as SQLite writes them down. */
export function expectedTables(parts: readonly StorePart[]): Map<string, string> {
  const fresh = new DatabaseSync(':memory:')
  try {
    fresh.exec(schemaOf(parts))
    return tablesOf(fresh)
  } finally {
    fresh.close()
  }
}

function tablesOf(database: DatabaseSync): Map<string, string> {
  const rows = database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema').all()
  return new Map(rows.map((row) => [String(row['name']), `${row['type']} ${row['tbl_name']} ${row['sql']}`]))
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
}
