/**
 * osquery's own tables, for whoever needs what only osquery can tell: processes and programs of Windows and macOS.
 */

/** A row of osquery: every column as text, NULL as ''. */
export type OsqueryRow = Readonly<Record<string, string>>

/** Asks the osquery that this process is an extension of. */
export interface OsqueryTables {
  /**
   * Rows of one SELECT over osquery's own tables. Rejects when osquery refuses it (a table its platform does not have,
   * for instance), does not answer in time, or is not there; a caller goes on without the answer and says so. An
   * implementor bounds the time, the size and the number of questions, and never asks for a table of this extension.
   */
  ask(sql: string, signal: AbortSignal): Promise<readonly OsqueryRow[]>
}
