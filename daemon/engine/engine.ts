/**
 * Who answers the queries: osquery over its extension socket, or the embedded SQL engine with our own tables.
 *
 * An engine answers or fails; when to ask, how long to wait and what to make of the rows is the runner's.
 */

/** A column of a result; the type is SQLite's declared type in upper case, empty where there is none. */
export interface ResultColumn {
  readonly name: string
  readonly type: string
}

/** A row as osquery logs it: every value as text, NULL as empty text, keys in the order of the columns. */
export type ResultRow = Readonly<Record<string, string>>

/** What a query gave, in its order. */
export interface ResultSet {
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly ResultRow[]
  /** What was cut off, and why; absent: nothing. */
  readonly truncated?: string
}

/** What a query may cost. */
export interface QueryBudget {
  readonly maxRows: number
  /** Bytes of a cell; a longer one is cut, with a marker. */
  readonly maxCellBytes: number
  /** Bytes of all cells together. */
  readonly maxBytes: number
}

/** An engine that may or may not be within reach. */
export interface Engine {
  readonly name: 'osquery' | 'embedded'
  /** Rows within the budget. Throws `EngineError`. */
  query(sql: string, budget: QueryBudget, signal: AbortSignal): Promise<ResultSet>
  /** Version for packs that demand one: osquery's, or that of the osquery whose rules the embedded engine follows. */
  version(signal: AbortSignal): Promise<string>
  /** Milliseconds of processor time spent so far; absent where it is spent elsewhere and cannot be seen. */
  cpuMs?(): number
  close(): Promise<void>
}

/** `sql`: the statement is wrong or a table failed; `unreachable`: nobody answered, or the answer broke off; `stalled`: the deadline passed. */
export type EngineErrorCode = 'sql' | 'unreachable' | 'stalled'

/** A query that gave no answer. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: EngineErrorCode
  /** Whether the engine was there and went away while it worked on this query: the query may have ended it. */
  readonly isInterrupted: boolean

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions & { readonly isInterrupted?: boolean }) {
    super(message, options)
    this.code = code
    this.isInterrupted = options?.isInterrupted ?? false
  }
}
