/**
 * What a statement may do: read. Nothing is attached, created, changed or configured.
 */
import type { Pointer, Sqlite } from './sqlite.ts'

/** Schema pragmas, which only read. */
const readingPragmas = new Set(['table_info', 'table_xinfo', 'table_list', 'function_list', 'collation_list'])

/** Installs the authorizer and bounds statement sizes. Call it after the tables were created. */
export function authorize(sqlite: Sqlite, db: Pointer): void {
  const { capi } = sqlite
  const allowed = new Set<number>([capi.SQLITE_SELECT, capi.SQLITE_READ, capi.SQLITE_FUNCTION, capi.SQLITE_RECURSIVE])
  capi.sqlite3_limit(db, capi.SQLITE_LIMIT_SQL_LENGTH, 1_000_000)
  capi.sqlite3_limit(db, capi.SQLITE_LIMIT_LENGTH, 256 * 1024 * 1024)
  capi.sqlite3_limit(db, capi.SQLITE_LIMIT_ATTACHED, 0)
  capi.sqlite3_set_authorizer(
    db,
    (_data: Pointer, action: number, first: string | number) => {
      if (allowed.has(action)) return capi.SQLITE_OK
      if (action === capi.SQLITE_PRAGMA && readingPragmas.has(String(first).toLowerCase())) return capi.SQLITE_OK
      return capi.SQLITE_DENY
    },
    0,
  )
}
