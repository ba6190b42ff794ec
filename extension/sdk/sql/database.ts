/**
 * The main side of the embedded engine: queries wait their turn, run in the worker, and end with everything closed.
 */
import type { MessagePort, Worker } from 'node:worker_threads'
import type { BoundTable } from '../bind.ts'
import type { Cell } from '../columns.ts'
import { Cursors } from './cursors.ts'
import { currentCall, isInside } from './nesting.ts'
import { type FromWorker, stopFlag, type ToWorker } from './protocol.ts'

/** A row by column name. Integers are numbers when safe, bigints otherwise. */
export type ResultRow = Readonly<Record<string, Cell>>

/** The answer of a query. A second column of the same name is called `name:1`. */
export interface ResultSet {
  readonly columns: readonly string[]
  readonly rows: readonly ResultRow[]
}

/** Options of one query. */
export interface QueryOptions {
  /** Values for `?` parameters, in order. */
  readonly params?: readonly Cell[]
  /** Stops the query wherever it is: waiting for its turn, in SQLite, or in a table. It rejects with the reason. */
  readonly signal?: AbortSignal
}

/** An embedded database over tables. */
export interface SqlDatabase {
  /**
   * Runs one statement. Rejects with SQLite's or the table's message; what a table threw is the `cause`.
   *
   * Queries run one after the other. A table must not await a query on the database that is asking it: that would
   * wait for ever, and is rejected; another database is fine.
   */
  query(sql: string, options?: QueryOptions): Promise<ResultSet>
  /** Names of the columns a statement would give; nothing is run. */
  columns(sql: string): Promise<readonly string[]>
  /** Ends the worker; queries that are running or waiting are rejected. May be called again. */
  close(): Promise<void>
}

interface Running {
  columns: readonly string[]
  readonly rows: ResultRow[]
  resolve(result: ResultSet): void
  reject(error: Error): void
}

/** How long to wait for tables, and for SQLite, after a query was stopped. */
interface Patience {
  readonly graceMs: number
  readonly stopMs: number
}

/** A database over a worker. `ready` settles when the worker has declared the tables, or could not. */
export class Database implements SqlDatabase {
  readonly ready: Promise<void>
  readonly #worker: Worker
  readonly #mailbox: MessagePort
  readonly #flags: Int32Array
  readonly #cursors: Cursors
  readonly #patience: Patience
  readonly #becomeReady: () => void
  readonly #failReady: (error: Error) => void
  /** Settles when the last query that was accepted has ended. */
  #queue: Promise<unknown> = Promise.resolve()
  #running: Running | undefined
  #ended: Error | undefined

  constructor(
    worker: Worker,
    mailbox: MessagePort,
    flags: Int32Array,
    tables: readonly BoundTable[],
    patience: Patience,
  ) {
    this.#worker = worker
    this.#mailbox = mailbox
    this.#flags = flags
    this.#cursors = new Cursors(tables, mailbox, flags, this)
    this.#patience = patience
    const ready = Promise.withResolvers<void>()
    this.ready = ready.promise
    this.#becomeReady = ready.resolve
    this.#failReady = ready.reject
    mailbox.unref()
    worker.on('message', (message: FromWorker) => this.#receive(message))
    worker.on('error', (error: Error) => this.#end(`the SQL engine failed: ${error.message}`, error))
    worker.on('exit', () => this.#end('the SQL engine has ended; open a new database'))
  }

  query(sql: string, options: QueryOptions = {}): Promise<ResultSet> {
    return this.#takeTurn(options.signal, () => this.#run(sql, options, false))
  }

  async columns(sql: string): Promise<readonly string[]> {
    return (await this.#takeTurn(undefined, () => this.#run(sql, {}, true))).columns
  }

  async close(): Promise<void> {
    this.#end('the database was closed')
    this.#mailbox.close()
    await Promise.all([this.#worker.terminate(), this.#queue])
  }

  async #takeTurn(signal: AbortSignal | undefined, run: () => Promise<ResultSet>): Promise<ResultSet> {
    signal?.throwIfAborted()
    if (this.#ended) throw this.#ended
    if (isInside(this)) {
      throw new Error('a table asked the database that is waiting for it; join in SQL, or open a second database')
    }
    const before = this.#queue
    const turn = Promise.withResolvers<void>()
    this.#queue = before.then(() => turn.promise)
    try {
      await untilAborted(before, signal)
      return await run()
    } finally {
      turn.resolve()
    }
  }

  async #run(sql: string, { params = [], signal }: QueryOptions, describe: boolean): Promise<ResultSet> {
    if (this.#ended) throw this.#ended
    const { promise, resolve, reject } = Promise.withResolvers<ResultSet>()
    let stuck: NodeJS.Timeout | undefined
    const onAbort = () => {
      Atomics.store(this.#flags, stopFlag, 1)
      this.#cursors.stop(signal?.reason)
      stuck = setTimeout(() => this.#kill(), this.#patience.stopMs)
    }
    Atomics.store(this.#flags, stopFlag, 0)
    this.#cursors.begin(currentCall())
    this.#running = { columns: [], rows: [], resolve, reject }
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#worker.ref()
    try {
      checkParams(params)
      this.#worker.postMessage({ kind: 'query', sql, params, describe } satisfies ToWorker)
      return await promise
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      this.#running = undefined
      clearTimeout(stuck)
      signal?.removeEventListener('abort', onAbort)
      await this.#cursors.end(this.#patience.graceMs)
      this.#worker.unref()
    }
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        this.#worker.unref()
        this.#becomeReady()
        return
      case 'open':
        this.#cursors.open(message)
        return
      case 'pull':
        this.#cursors.pull(message)
        return
      case 'close':
        this.#cursors.close(message.cursor)
        return
      default:
        if (this.#running) this.#collect(this.#running, message)
    }
  }

  #collect(running: Running, message: FromWorker & { kind: 'columns' | 'rows' | 'done' | 'failed' }): void {
    switch (message.kind) {
      case 'columns':
        running.columns = message.columns
        return
      case 'rows':
        for (const row of message.rows) running.rows.push(named(running.columns, row))
        return
      case 'done':
        running.resolve({ columns: running.columns, rows: running.rows })
        return
      case 'failed': {
        const cause = this.#cursors.failure
        running.reject(new Error(message.message, cause === undefined ? {} : { cause }))
      }
    }
  }

  /** SQLite does not come back from one of its functions: nothing but the end of its thread stops it. */
  #kill(): void {
    this.#end('an aborted statement did not stop and the SQL engine was ended; open a new database')
    void this.#worker.terminate()
  }

  #end(message: string, cause?: Error): void {
    this.#ended ??= new Error(message, cause && { cause })
    this.#failReady(this.#ended)
    this.#running?.reject(this.#ended)
  }
}

function named(columns: readonly string[], row: readonly Cell[]): ResultRow {
  return Object.fromEntries(columns.map((column, at) => [column, row[at] ?? null]))
}

function checkParams(params: readonly Cell[]): void {
  for (const [at, cell] of params.entries()) {
    const isCell =
      cell === null || ['string', 'number'].includes(typeof cell) || cell instanceof Uint8Array || isInt64(cell)
    if (!isCell) {
      throw new Error(`parameter ${at + 1} is ${String(cell)} (${typeof cell}); expected a text, number, blob or null`)
    }
  }
}

function isInt64(cell: Cell): boolean {
  return typeof cell === 'bigint' && BigInt.asIntN(64, cell) === cell
}

/** Waits; an abort ends the waiting at once. No listener stays behind. */
async function untilAborted(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) {
    await promise
    return
  }
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
  signal.throwIfAborted()
}
