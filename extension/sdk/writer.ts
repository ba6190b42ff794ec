/**
 * Changes to a table: what an engine calls when a statement inserts, updates or deletes a row.
 *
 * Rows are named by their ids, cells come in column order, and nothing here knows where rows are kept. A change either
 * happens or rejects; a ConstraintError is the table's own rule, anything else a failure.
 */
import type { Cell } from './columns.ts'

/** A change to a table's rows. Cells are in column order. */
export interface TableWriter {
  /** Inserts a row and resolves to its rowid. */
  insert(cells: readonly Cell[], signal: AbortSignal): Promise<bigint>
  /** Replaces the row with that id; resolves to the id of the new row. */
  update(rowid: bigint, cells: readonly Cell[], signal: AbortSignal): Promise<bigint>
  /** Removes the row with that id. */
  delete(rowid: bigint, signal: AbortSignal): Promise<void>
}

/** Thrown by a writable table for a change that breaks its rules; the SQL user sees a constraint failure. */
export class ConstraintError extends Error {
  override name = 'ConstraintError'
}
