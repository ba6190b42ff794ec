/**
 * The main side of table calls: runs generators, gathers rows into batches for the worker, stops what nobody reads.
 */
import type { BoundTable } from '../bind.ts'
import { type Constraint, constraint } from '../constraints.ts'
import type { BoundRow } from '../table.ts'
import { settleWithin } from './grace.ts'
import type { Mailbox } from './mailbox.ts'
import { inCall, type NestedCall } from './nesting.ts'
import { type OpenMessage, type PullMessage, type RowBatch, rowsPerBatch } from './protocol.ts'

/** Rows wait this long for the rest of their batch: a slow table shows what it has. */
const lingerMs = 10

interface Call {
  readonly rows: AsyncGenerator<BoundRow, void, undefined>
  readonly stop: AbortController
  readonly nesting: NestedCall
  /** A row that was asked for and has not come yet. */
  next: Promise<IteratorResult<BoundRow, void>> | undefined
}

/** Open table calls of one database. */
export class Cursors {
  readonly #tables: readonly BoundTable[]
  readonly #mailbox: Mailbox
  readonly #owner: object
  readonly #open = new Map<number, Call>()
  readonly #ending = new Set<Promise<void>>()
  #outer: NestedCall | undefined

  constructor(tables: readonly BoundTable[], mailbox: Mailbox, owner: object) {
    this.#tables = tables
    this.#mailbox = mailbox
    this.#owner = owner
  }

  /** A query begins; `outer` is the table call that asked it. */
  begin(outer: NestedCall | undefined): void {
    this.#outer = outer
  }

  /** Starts a call. The generator runs only when rows are pulled. */
  open({ cursor, table, constraints, used }: OpenMessage): void {
    const bound = this.#tables[table]
    if (!bound) return
    const name = (at: number) => bound.columns[at]?.name ?? ''
    const lists = new Map<string, Constraint[]>()
    for (const [column, op, expr] of constraints) {
      lists.set(name(column), [...(lists.get(name(column)) ?? []), constraint(op, expr)])
    }
    const stop = new AbortController()
    if (this.#mailbox.stopped) stop.abort(this.#mailbox.stopped.error)
    const rows = bound.generate({ constraints: lists, columnsUsed: new Set(used.map(name)) }, stop.signal)
    const nesting = { owner: this.#owner, outer: this.#outer, isOpen: true }
    this.#open.set(cursor, { rows, stop, nesting, next: undefined })
  }

  /** Gathers the next rows and answers; an error of the table is an answer too. */
  pull({ cursor, pull }: PullMessage): void {
    this.#mailbox.answer(pull, async () => {
      const call = this.#open.get(cursor)
      if (!call) throw new Error('the table call is closed')
      return gather(call)
    })
  }

  /** The query is aborted: calls hear of it. */
  stop(error: unknown): void {
    for (const call of this.#open.values()) call.stop.abort(error)
  }

  /** Stops a call, whether it has ended or not. */
  close(cursor: number): void {
    const call = this.#open.get(cursor)
    if (!call) return
    this.#open.delete(cursor)
    call.stop.abort(new Error('nobody reads further rows'))
    const ending = inCall(call.nesting, () => call.rows.return())
      .catch(() => {}) // the rows that were wanted are there; how the rest ends changes nothing
      .then(() => {
        call.nesting.isOpen = false
        this.#ending.delete(ending)
      })
    this.#ending.add(ending)
  }

  /** Stops everything and waits until generators have cleaned up, but not longer than `graceMs` for a stuck one. */
  async end(graceMs: number): Promise<void> {
    for (const cursor of [...this.#open.keys()]) this.close(cursor)
    await settleWithin(this.#ending, graceMs)
    this.#ending.clear() // the next query does not wait for it again
  }
}

/** Rows until the batch is full, the table has ended, or the next row lets itself be waited for. */
async function gather(call: Call): Promise<RowBatch> {
  const rows: BoundRow[] = []
  const late = Promise.withResolvers<undefined>()
  let timer: NodeJS.Timeout | undefined
  try {
    while (rows.length < rowsPerBatch) {
      call.next ??= inCall(call.nesting, () => call.rows.next())
      const next = rows.length === 0 ? await call.next : await Promise.race([call.next, late.promise])
      if (!next) break
      call.next = undefined
      if (next.done) return { rows, isLast: true }
      rows.push(next.value)
      timer ??= setTimeout(late.resolve, lingerMs, undefined)
    }
    return { rows, isLast: false }
  } finally {
    clearTimeout(timer)
  }
}
