/**
 * What the thread that reads databases is told and what it answers.
 */

/** A value of a row. Texts are cut at some kilobytes; bytes come as the text they may be. */
export type Value = string | number | bigint | null

/** Rows of one table that are wanted. A table or column that the file does not have gives no rows, or nulls. */
export interface TableQuery {
  readonly table: string
  /** `rowid` where the table has no number of its own. */
  readonly columns: readonly string[]
  /** Rows with a needle in one of these columns, rows that belong to rows of an earlier query, or every row. */
  readonly where:
    | 'all'
    | { readonly holdsNeedle: readonly string[] }
    | { readonly column: string; readonly isOneOf: { readonly query: number; readonly column: string } }
}

/** A database to read. Its buffers are handed over. */
export interface ReadMessage {
  readonly database: Uint8Array
  readonly log?: Uint8Array
  readonly journal?: Uint8Array
  readonly needles: readonly string[]
  /** None: whatever row of whatever table has a text with a needle in it. */
  readonly queries: readonly TableQuery[]
  readonly timeoutMs: number
  readonly maxBytes: number
}

/** A row found without its table, where its page is: in a damaged database, or in one whose tables nobody knows. */
export interface SalvagedRow {
  readonly page: number
  readonly rowid: number
  /** Texts in it that hold a needle. */
  readonly texts: readonly string[]
}

/** What was read. */
export interface ReadAnswer {
  /** By query. Each row's values are in the order of the query's columns. */
  readonly rows: readonly (readonly (readonly Value[])[])[]
  readonly salvaged: readonly SalvagedRow[]
  /** Frames of the log that were laid over the database. */
  readonly frames: number
  /** Pages put back from the journal. */
  readonly rolledBack: number
  readonly problems: readonly { readonly code: string; readonly message: string }[]
  /** WebAssembly memory; it never shrinks. */
  readonly memoryBytes: number
}

/** Ready; then one answer for each database. */
export type FromStoreThread = { readonly kind: 'ready' } | ({ readonly kind: 'read' } & ReadAnswer)
