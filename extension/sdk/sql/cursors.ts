/**
 * The main side of table calls: runs generators, puts batches into the worker's mailbox, stops what nobody reads.
 */
import type { MessagePort } from 'node:worker_threads'
import type { BoundTable } from '../bind.ts'
import { type Constraint, constraint } from '../constraints.ts'
import type { BoundRow } from '../table.ts'
import { type Answer, answerFlag, type FromWorker, rowsPerBatch } from './protocol.ts'

interface Cursor {
  readonly rows: AsyncGenerator<BoundRow, void, undefined>
  readonly stop: AbortController
}

/** Open table calls of one query. */
export class Cursors {
  readonly #tables: readonly BoundTable[]
  readonly #mailbox: MessagePort
  readonly #flags: Int32Array
  readonly #open = new Map<number, Cursor>()
  readonly #ending = new Set<Promise<unknown>>()

  constructor(tables: readonly BoundTable[], mailbox: MessagePort, flags: Int32Array) {
    this.#tables = tables
    this.#mailbox = mailbox
    this.#flags = flags
  }

  /** Starts a call. The generator runs only when rows are pulled. */
  open(message: FromWorker & { kind: 'open' }, signal: AbortSignal): void {
    const table = this.#tables[message.table]
    if (!table) return
    const name = (at: number) => table.columns[at]?.name ?? ''
    const constraints = new Map<string, Constraint[]>()
    for (const [column, op, expr] of message.constraints) {
      const list = constraints.get(name(column)) ?? []
      list.push(constraint(op, expr))
      constraints.set(name(column), list)
    }
    const stop = new AbortController()
    const request = { constraints, columnsUsed: new Set(message.used.map(name)) }
    const rows = table.generate(request, AbortSignal.any([signal, stop.signal]))
    this.#open.set(message.cursor, { rows, stop })
  }

  /** Gathers the next rows and answers; an error of the table, or an abort, is an answer too. */
  async pull(cursor: number, signal: AbortSignal): Promise<void> {
    this.#answer(await Promise.race([this.#batch(cursor), whenAborted(signal)]))
  }

  /** Stops a call, whether it has ended or not. */
  close(cursor: number): void {
    const open = this.#open.get(cursor)
    if (!open) return
    this.#open.delete(cursor)
    open.stop.abort(new Error('nobody reads further rows'))
    const ending = open.rows.return().catch(() => {}) // what it was doing no longer matters
    this.#ending.add(ending)
    void ending.finally(() => this.#ending.delete(ending))
  }

  /** Stops everything and waits until generators have cleaned up, but not longer than a moment for a stuck one. */
  async end(graceMs: number): Promise<void> {
    for (const cursor of [...this.#open.keys()]) this.close(cursor)
    if (this.#ending.size === 0) return
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise((resolve) => {
      timer = setTimeout(resolve, graceMs)
    })
    await Promise.race([Promise.allSettled(this.#ending), grace])
    clearTimeout(timer)
  }

  async #batch(cursor: number): Promise<Answer> {
    const open = this.#open.get(cursor)
    if (!open) return { error: 'the table call was closed' }
    const rows: BoundRow[] = []
    try {
      while (rows.length < rowsPerBatch) {
        const next = await open.rows.next()
        if (next.done) return { rows, isLast: true }
        rows.push(next.value)
      }
      return { rows, isLast: false }
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) }
    }
  }

  #answer(answer: Answer): void {
    this.#mailbox.postMessage(answer)
    Atomics.add(this.#flags, answerFlag, 1)
    Atomics.notify(this.#flags, answerFlag)
  }
}

function whenAborted(signal: AbortSignal): Promise<Answer> {
  const answer = (): Answer => ({
    error: String(signal.reason instanceof Error ? signal.reason.message : signal.reason),
  })
  if (signal.aborted) return Promise.resolve(answer())
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(answer()), { once: true }))
}
