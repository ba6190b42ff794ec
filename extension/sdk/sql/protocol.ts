/**
 * What the two sides of the embedded engine say to each other.
 *
 * SQLite is synchronous and tables are not, so SQLite runs in a worker that may wait, and tables run on the main loop
 * that may not. The worker asks for rows and sleeps until the answer has been put into its mailbox.
 */
import type { MessagePort } from 'node:worker_threads'
import type { AnswerLimits } from '../answer-limits.ts'
import type { Cell, ColumnOptions, ColumnType } from '../columns.ts'
import type { BoundRow } from '../table.ts'

/** A table as the worker needs it. */
export interface TableShape {
  readonly name: string
  readonly aliases: readonly string[]
  readonly columns: readonly ShapedColumn[]
  readonly isWritable: boolean
}

/** A column of it. */
export interface ShapedColumn {
  readonly name: string
  readonly type: ColumnType
  readonly options: ColumnOptions
}

/** Given to the worker at its start. */
export interface WorkerSetup {
  readonly tables: readonly TableShape[]
  /** Two 32-bit words: how many answers were put into the mailbox, and whether the running query must stop. */
  readonly flags: SharedArrayBuffer
  /** Where answers arrive; read without an event loop. */
  readonly mailbox: MessagePort
  /** Names of functions that are known and cannot be run. */
  readonly declaredFunctions: readonly string[]
  /** Bytes a text or blob may have inside SQLite. */
  readonly maxValueBytes: number
}

/** Index of the answer counter in the flags. */
export const answerFlag = 0
/** Index of the stop flag. */
export const stopFlag = 1

/** Main to worker: one statement. `describe` asks for its columns only; `asText` for values as osquery prints them. */
export type ToWorker = {
  readonly kind: 'query'
  readonly sql: string
  readonly params: readonly Cell[]
  readonly describe: boolean
  readonly asText: boolean
  /** Values as text, and no more of them. */
  readonly limits: AnswerLimits | undefined
}

/** A constraint on its way to a table: column by position, operator by number. */
export type WireConstraint = readonly [column: number, op: number, expr: string]

/** A table is called. The worker does not wait for anything yet. */
export interface OpenMessage {
  readonly kind: 'open'
  readonly cursor: number
  readonly table: number
  readonly constraints: readonly WireConstraint[]
  /** Positions of the columns the query reads. */
  readonly used: readonly number[]
}

/** The worker sleeps until this pull is answered through the mailbox. Pulls are numbered for the life of the worker. */
export interface PullMessage {
  readonly kind: 'pull'
  readonly cursor: number
  readonly pull: number
}

/** A change of one row; cells are in column order. */
export type Change =
  | { readonly kind: 'insert'; readonly cells: readonly Cell[] }
  | { readonly kind: 'update'; readonly rowid: bigint; readonly cells: readonly Cell[] }
  | { readonly kind: 'delete'; readonly rowid: bigint }

/** The worker sleeps until the change has been made or has failed. */
export interface WriteMessage {
  readonly kind: 'write'
  readonly table: number
  readonly change: Change
  readonly pull: number
}

/** Worker to main. A query gives `columns`, any number of `rows`, and `done`; or `failed` at any point. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | OpenMessage
  | PullMessage
  | WriteMessage
  | { readonly kind: 'close'; readonly cursor: number }
  | { readonly kind: 'columns'; readonly columns: readonly { readonly name: string; readonly type: string | null }[] }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: 'done'; readonly cut: string | undefined }
  | { readonly kind: 'failed'; readonly message: string }

/** Rows of a table call, and whether there are more. */
export interface RowBatch {
  readonly rows: readonly BoundRow[]
  readonly isLast: boolean
}

/** A change was made: the id the row has now, 0 when it is gone. */
export interface Written {
  readonly rowid: bigint
}

/** There is no answer. A broken rule of the table is told from a failure: SQLite has a result code for it. */
export interface Refusal {
  readonly error: string
  readonly isConstraint: boolean
}

/** Into the mailbox: what was asked for, or why there is none. */
export type Answer = { readonly pull: number } & (RowBatch | Written | Refusal)

/** Rows per answer, and per batch of results. */
export const rowsPerBatch = 256
