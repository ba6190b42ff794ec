/**
 * What an embedded database is to its callers. How it is done is `database.ts`.
 */
import type { AnswerLimits } from '../answer-limits.ts'
import type { Cell } from '../columns.ts'

/** A row by column name. Integers are numbers when safe, bigints otherwise. */
export type ResultRow = Readonly<Record<string, Cell>>

/** The answer of a query. A second column of the same name is called `name:1`. */
export interface ResultSet {
  readonly columns: readonly string[]
  readonly rows: readonly ResultRow[]
  /** What the limits of the query left out; absent: nothing. */
  readonly cut?: string
}

/** A column of a statement's answer. */
export interface DescribedColumn {
  readonly name: string
  /** As the column was declared; null for an expression. */
  readonly type: string | null
}

/** Options of one query. */
export interface QueryOptions {
  /** Values for `?` parameters, in order. */
  readonly params?: readonly Cell[]
  /** Gives every value as text, as osquery prints it: 3.0 stays `3.0`, NULL is ''. */
  readonly asText?: boolean
  /** Takes no more than this of the answer, as text; tables are not asked for rows beyond it. */
  readonly limits?: AnswerLimits
  /** Stops the query wherever it is: waiting for its turn, in SQLite, or in a table. It rejects with the reason. */
  readonly signal?: AbortSignal
}

/** An embedded database over tables. */
export interface SqlDatabase {
  /**
   * Runs one statement: a query, or a change of a writable table's rows. Rejects with SQLite's or the table's message; what a table threw is the `cause`.
   *
   * Queries run one after the other. A table must not await a query on the database that is asking it: that would
   * wait for ever, and is rejected; another database is fine.
   */
  query(sql: string, options?: QueryOptions): Promise<ResultSet>
  /** Names of the columns a statement would give; nothing is run. */
  columns(sql: string): Promise<readonly string[]>
  /** The same with their types. */
  describe(sql: string, options?: Pick<QueryOptions, 'signal'>): Promise<readonly DescribedColumn[]>
  /** Ends the worker; queries that are running or waiting are rejected. May be called again. */
  close(): Promise<void>
}
