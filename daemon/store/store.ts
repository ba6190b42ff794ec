/**
 * The daemon's one database: spool, differential state and schedule live in it, so that one transaction covers them.
 *
 * Each part brings its own tables; the store knows none of them by name. How the file is opened, checked, saved from
 * damage and kept within its bounds is beside this contract.
 */
import type { DatabaseSync } from 'node:sqlite'

/** Tables of one part, made when the store opens. */
export interface StorePart {
  /** Prefix of its tables. */
  readonly name: string
  /** `CREATE TABLE IF NOT EXISTS ...`: statements that are right on an empty and on an existing file. */
  readonly schema: string
  /**
   * What a damaged table is worth: `rows`: every readable row is carried over; `drop`: the part starts anew, because half
   * of its rows would be wrong.
   */
  readonly salvage: 'rows' | 'drop'
}

/** The open database. */
export interface Store {
  readonly database: DatabaseSync
  /**
   * Runs `work` in one transaction, durable when this returns (WAL, synchronous=FULL). A throw takes everything back.
   * A call inside a call joins the outer one.
   */
  transaction<T>(work: () => T): T
  /** Ends the store; nothing may use it afterwards. */
  close(): void
}
