/**
 * The answer of one statement on its way in from the worker: names first, then rows, then the end.
 */
import type { Cell } from '../columns.ts'
import type { FromWorker } from './protocol.ts'
import type { DescribedColumn, ResultRow } from './sql-database.ts'

/** What of the worker's messages makes up an answer. */
export type ResultMessage = FromWorker & { kind: 'columns' | 'rows' | 'done' | 'failed' }

/** An answer: its columns with their types, and its rows. */
export interface Outcome {
  readonly columns: readonly DescribedColumn[]
  readonly rows: readonly ResultRow[]
  readonly cut: string | undefined
}

/** Gathers one answer. */
export class ResultCollector {
  readonly result: Promise<Outcome>
  /** Fails the answer from outside. */
  readonly reject: (error: Error) => void
  readonly #resolve: (result: Outcome) => void
  readonly #rows: ResultRow[] = []
  #columns: readonly DescribedColumn[] = []

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    this.result = promise
    this.reject = reject
    this.#resolve = resolve
  }

  /** Takes a message in; `cause` is what a table threw, for a statement that failed by it. */
  receive(message: ResultMessage, cause: unknown): void {
    switch (message.kind) {
      case 'columns':
        this.#columns = message.columns
        return
      case 'rows':
        for (const row of message.rows) this.#rows.push(named(this.#columns, row))
        return
      case 'done':
        this.#resolve({ columns: this.#columns, rows: this.#rows, cut: message.cut })
        return
      case 'failed':
        this.reject(new Error(message.message, cause === undefined ? {} : { cause }))
    }
  }
}

function named(columns: readonly DescribedColumn[], row: readonly Cell[]): ResultRow {
  return Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null]))
}
