/**
 * An osquery made of rows: answers by the table that a statement reads from, and refuses one it does not have.
 */
import type { OsqueryRow, OsqueryTables } from '../../extension/domain/osquery-tables.ts'

/** The tables, and every statement that was asked. */
export interface FakeOsquery extends OsqueryTables {
  readonly asked: string[]
}

/** Tables by name. WHERE is not looked at: rows that were not asked for come too, as from a hostile answer. */
export function fakeOsquery(tables: Readonly<Record<string, readonly OsqueryRow[]>>): FakeOsquery {
  const asked: string[] = []
  return {
    asked,
    ask: async (sql, signal) => {
      signal.throwIfAborted()
      asked.push(sql)
      const table = /FROM (\w+)/.exec(sql)?.[1] ?? ''
      const rows = tables[table]
      if (!rows) throw new Error(`no such table: ${table}`)
      return rows
    },
  }
}
