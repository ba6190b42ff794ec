/**
 * osquery's own tables, asked from inside the extension.
 *
 * Where an osqueryd runs it knows things that no file tells (registered programs, loaded hives, processes). Whoever
 * needs them takes this as an optional part: without osquery the source is absent, which is no error.
 */

/** Asks osquery. */
export interface OsqueryTables {
  /** Rows of one statement; every value is text. Rejects when osquery refuses, is gone, or the signal is aborted. */
  ask(sql: string, signal: AbortSignal): Promise<readonly Record<string, string>[]>
}
