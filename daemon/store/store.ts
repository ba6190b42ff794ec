/**
 * The daemon's one database: spool, differential state and schedule live in it, so that one transaction covers them.
 *
 * Each part brings its own tables; the store knows none of them by name. How the file is opened, checked, saved from
 * damage and kept within its bounds is beside this contract.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Remains } from './salvage/remains.ts'

/** Tables of one part, made when the store opens. */
export interface StorePart {
  /** Prefix of its tables. */
  readonly name: string
  /**
   * `CREATE TABLE IF NOT EXISTS ...`: statements that are right on an empty and on an existing file. A file whose tables
   * were made by other words counts as damaged and is carried over into a new one; a change that old rows do not survive
   * raises `storeVersion`.
   */
  readonly schema: string
  /**
   * What a damaged table is worth: `rows`: every readable row is carried over; `drop`: the part starts anew, because half
   * of its rows would be wrong; a function: the part knows its records by their checksums, looks for them itself and
   * writes them into the new file, whose tables are empty.
   */
  readonly salvage: 'rows' | 'drop' | ((remains: Remains, database: DatabaseSync) => void)
  /** Looks at values where SQLite looks only at structure; what is wrong, in one line. Bounded: it runs at every open. */
  readonly verify?: (database: DatabaseSync) => string | undefined
}

/** What was found wrong when the store was opened, and what became of it. */
export interface StoreDamage {
  /** One line: what was found. */
  readonly found: string
  /** Where the damaged file is kept. */
  readonly keptAs: string
  /** Pages of tables that could not be read. */
  readonly unreadablePages: number
  /** Rows that were carried over, by table; tables that look for their records themselves are not among them. */
  readonly carried: Readonly<Record<string, number>>
  /** Parts that started anew. */
  readonly dropped: readonly string[]
}

/** The open database. */
export interface Store {
  readonly database: DatabaseSync
  /**
   * Runs `work` in one transaction, durable when this returns (WAL, synchronous=FULL). A throw takes everything back.
   * A call inside a call joins the outer one; when it throws, the outer one cannot be committed any more. Failures of the
   * file or the disk are `HunterError` with `state_unusable`.
   */
  transaction<T>(work: () => T): T
  /** Runs work that only reads; failures as above. Damage is remembered, so that the next open looks at every page. */
  read<T>(work: () => T): T
  /** Called once when the transaction under way has ended: true where it is durable, false where it was taken back. */
  atEnd(work: (isDurable: boolean) => void): void
  /** What was wrong with the file that was opened; undefined: nothing. */
  readonly damage: StoreDamage | undefined
  /** The database file. */
  readonly path: string
  /** Ends the store; nothing may use it afterwards. */
  close(): void
}
