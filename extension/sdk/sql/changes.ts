/**
 * The main side of statements that write: one row after the other goes to the table's writer.
 *
 * There is no transaction around them. A statement that fails half way leaves the rows it has changed, here as in
 * osquery.
 */
import type { BoundTable } from '../bind.ts'
import { settleWithin } from './grace.ts'
import type { Mailbox } from './mailbox.ts'
import { inCall, type NestedCall } from './nesting.ts'
import type { Change, WriteMessage, Written } from './protocol.ts'

/** Changes of one database. */
export class Changes {
  readonly #tables: readonly BoundTable[]
  readonly #mailbox: Mailbox
  readonly #owner: object
  readonly #running = new Set<Promise<unknown>>()
  #stop = new AbortController()
  #outer: NestedCall | undefined

  constructor(tables: readonly BoundTable[], mailbox: Mailbox, owner: object) {
    this.#tables = tables
    this.#mailbox = mailbox
    this.#owner = owner
  }

  /** A query begins; `outer` is the table call that asked it. */
  begin(outer: NestedCall | undefined): void {
    this.#outer = outer
    this.#stop = new AbortController()
  }

  /** Makes a change and answers with the row's id. */
  write({ table, change, pull }: WriteMessage): void {
    this.#mailbox.answer(pull, () => {
      const nesting = { owner: this.#owner, outer: this.#outer, isOpen: true }
      const work = inCall(nesting, () => this.#make(table, change))
      const running: Promise<void> = work.then(
        () => this.#over(running, nesting),
        () => this.#over(running, nesting), // the mailbox tells it
      )
      this.#running.add(running)
      return work
    })
  }

  /** The query is aborted: the change that is being made hears of it. */
  stop(error: unknown): void {
    this.#stop.abort(error)
  }

  /** Waits until the last change has ended, but not longer than `graceMs`. */
  async end(graceMs: number): Promise<void> {
    await settleWithin(this.#running, graceMs)
    this.#running.clear() // the next query does not wait for it again
  }

  async #make(table: number, change: Change): Promise<Written> {
    const writer = this.#tables[table]?.write
    if (!writer) throw new Error(`table ${this.#tables[table]?.name} may not be modified`)
    const { signal } = this.#stop
    switch (change.kind) {
      case 'insert':
        return { rowid: await writer.insert(change.cells, signal) }
      case 'update':
        return { rowid: await writer.update(change.rowid, change.cells, signal) }
      case 'delete':
        await writer.delete(change.rowid, signal)
        return { rowid: 0n }
    }
  }

  #over(running: Promise<unknown>, nesting: NestedCall): void {
    nesting.isOpen = false
    this.#running.delete(running)
  }
}
