/**
 * A cursor inside the worker: the rows of one call of a table, batch after batch.
 */
import type { BoundRow } from '../table.ts'
import type { RowBatch, WireConstraint } from './protocol.ts'

/** Where rows come from: opens a call of the table, gives batches until the last, closes early. */
export interface RowSource {
  open(table: number, constraints: readonly WireConstraint[], used: readonly number[]): number
  pull(cursor: number): RowBatch
  close(cursor: number): void
}

/** Stands on a row, or behind the last. A cursor that was never started is behind the last. */
export class RowCursor {
  readonly #source: RowSource
  /** The open call; undefined before the first and after the last row. */
  #call: number | undefined
  #rows: readonly BoundRow[] = []
  #at = 0
  #isLast = true

  constructor(source: RowSource) {
    this.#source = source
  }

  /** Calls the table and moves to its first row. A call that is still open is closed. */
  start(table: number, constraints: readonly WireConstraint[], used: readonly number[]): void {
    this.close()
    this.#call = this.#source.open(table, constraints, used)
    this.#isLast = false
    this.#refill()
  }

  /** The row it stands on. */
  get row(): BoundRow | undefined {
    return this.#rows[this.#at]
  }

  /** Moves on. */
  next(): void {
    this.#at++
    this.#refill()
  }

  /** Ends the call, if one is open. */
  close(): void {
    if (this.#call !== undefined) this.#source.close(this.#call)
    this.#call = undefined
    this.#rows = []
    this.#at = 0
    this.#isLast = true
  }

  #refill(): void {
    while (this.#at >= this.#rows.length) {
      if (this.#isLast || this.#call === undefined) {
        this.close()
        return
      }
      const { rows, isLast } = this.#source.pull(this.#call)
      this.#rows = rows
      this.#at = 0
      this.#isLast = isLast
    }
  }
}
