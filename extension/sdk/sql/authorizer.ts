/**
 * What a statement may do: read, and change rows of the tables. Nothing is attached, created, dropped or configured.
 *
 * Which of the tables can be changed is SQLite's own check: a module without `xUpdate` "may not be modified", and neither may an alias, which is a view.
 */
import type { Pointer, Sqlite } from './sqlite.ts'

/** Schema pragmas, which only read. */
const readingPragmas = new Set(['table_info', 'table_xinfo', 'table_list', 'function_list', 'collation_list'])

/** Installs the authorizer and bounds the sizes of statements and values. Call it after the tables, here by name, were created. */
export function authorize(sqlite: Sqlite, db: Pointer, tables: ReadonlySet<string>, maxValueBytes: number): void {
  const { capi } = sqlite
  const allowed = new Set<number>([capi.SQLITE_SELECT, capi.SQLITE_READ, capi.SQLITE_FUNCTION, capi.SQLITE_RECURSIVE])
  const changes = new Set<number>([capi.SQLITE_INSERT, capi.SQLITE_UPDATE, capi.SQLITE_DELETE])
  capi.sqlite3_limit(db, capi.SQLITE_LIMIT_SQL_LENGTH, 1_000_000)
  capi.sqlite3_limit(db, capi.SQLITE_LIMIT_LENGTH, maxValueBytes)
  capi.sqlite3_limit(db, capi.SQLITE_LIMIT_ATTACHED, 0)
  capi.sqlite3_set_authorizer(
    db,
    (_data, action, first, _second, database) => {
      if (allowed.has(action)) return capi.SQLITE_OK
      if (changes.has(action) && database === 'temp' && tables.has(String(first))) return capi.SQLITE_OK
      if (action === capi.SQLITE_PRAGMA && readingPragmas.has(String(first).toLowerCase())) return capi.SQLITE_OK
      return capi.SQLITE_DENY
    },
    0,
  )
}
