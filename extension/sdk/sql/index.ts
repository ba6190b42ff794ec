/**
 * Embedded SQL: the same tables, in SQLite, with no osquery on the machine.
 *
 * SQLite (the official WebAssembly build) runs in a worker; tables run on the caller's loop. Constraints reach tables
 * by osquery's own push-down rules, so a table that answers well here answers well there.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { BoundTable } from '../bind.ts'
import type { Cell } from '../columns.ts'
import { Cursors } from './cursors.ts'
import { type FromWorker, stopFlag, type ToWorker, type WorkerSetup } from './protocol.ts'

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
  /** Stops the query, wherever it is: in SQLite or in a table. */
  readonly signal?: AbortSignal
}

/** An embedded database over tables. */
export interface SqlDatabase {
  /** Runs one statement. Rejects with SQLite's or the table's message. Queries run one after the other. */
  query(sql: string, options?: QueryOptions): Promise<ResultSet>
  /** Names of the columns a statement would give; nothing is run. */
  columns(sql: string): Promise<readonly string[]>
  /** Ends the worker; queries that are running or waiting are rejected. */
  close(): Promise<void>
}

/** How long a stopped table may take to clean up before a query ends without it. */
const graceMs = 5000

/** Opens a database. It does not keep the process alive while nothing runs. */
export async function openSql(tables: readonly BoundTable[]): Promise<SqlDatabase> {
  const flags = new SharedArrayBuffer(8)
  const { port1, port2 } = new MessageChannel()
  const setup: WorkerSetup = {
    tables: tables.map(({ name, aliases, columns }) => ({
      name,
      aliases,
      columns: columns.map(({ name, type, options }) => ({ name, type, options })),
    })),
    flags,
    mailbox: port2 as unknown as WorkerSetup['mailbox'], // node's port; the worker reads it without a loop
  }
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: setup,
    transferList: [port2],
    name: 'embedded-sql',
  })
  const database = new Database(worker, port1, new Int32Array(flags), tables)
  await database.ready
  return database
}

interface Running {
  readonly raw: (readonly Cell[])[]
  readonly signal: AbortSignal
  resolve(result: ResultSet): void
  reject(error: Error): void
}

class Database implements SqlDatabase {
  readonly ready: Promise<void>
  readonly #worker: Worker
  readonly #mailbox: MessagePort
  readonly #flags: Int32Array
  readonly #cursors: Cursors
  #queue: Promise<unknown> = Promise.resolve()
  #running: Running | undefined
  #ended: Error | undefined
  #becomeReady: () => void = () => {}
  #failReady: (error: Error) => void = () => {}

  constructor(worker: Worker, mailbox: MessagePort, flags: Int32Array, tables: readonly BoundTable[]) {
    this.#worker = worker
    this.#mailbox = mailbox
    this.#flags = flags
    this.#cursors = new Cursors(tables, mailbox, flags)
    this.ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve
      this.#failReady = reject
    })
    mailbox.unref()
    worker.on('message', (message: FromWorker) => this.#receive(message))
    worker.on('error', (error: Error) =>
      this.#end(new Error(`the SQL engine failed: ${error.message}`, { cause: error })),
    )
    worker.on('exit', () => this.#end(new Error('the SQL engine has ended')))
  }

  query(sql: string, options: QueryOptions = {}): Promise<ResultSet> {
    return this.#enqueue(sql, options, false)
  }

  async columns(sql: string): Promise<readonly string[]> {
    return (await this.#enqueue(sql, {}, true)).columns
  }

  async close(): Promise<void> {
    this.#end(new Error('the database was closed'))
    this.#mailbox.close()
    await this.#worker.terminate()
  }

  #enqueue(sql: string, options: QueryOptions, describe: boolean): Promise<ResultSet> {
    const turn = this.#queue.then(() => this.#run(sql, options, describe))
    this.#queue = turn.catch(() => {})
    return turn
  }

  async #run(sql: string, { params = [], signal }: QueryOptions, describe: boolean): Promise<ResultSet> {
    if (this.#ended) throw this.#ended
    signal?.throwIfAborted()
    const stop = new AbortController()
    const onAbort = () => {
      Atomics.store(this.#flags, stopFlag, 1)
      stop.abort(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    Atomics.store(this.#flags, stopFlag, 0)
    this.#worker.ref()
    try {
      return await new Promise<ResultSet>((resolve, reject) => {
        this.#running = { raw: [], signal: stop.signal, resolve, reject }
        this.#worker.postMessage({ kind: 'query', sql, params, describe } satisfies ToWorker)
      })
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      this.#running = undefined
      signal?.removeEventListener('abort', onAbort)
      await this.#cursors.end(graceMs)
      this.#worker.unref()
    }
  }

  #receive(message: FromWorker): void {
    const running = this.#running
    switch (message.kind) {
      case 'ready':
        this.#worker.unref()
        this.#becomeReady()
        return
      case 'open':
        if (running) this.#cursors.open(message, running.signal)
        return
      case 'pull':
        if (running) void this.#cursors.pull(message.cursor, running.signal)
        return
      case 'close':
        this.#cursors.close(message.cursor)
        return
      case 'rows':
        for (const row of message.rows) running?.raw.push(row)
        return
      case 'done':
        running?.resolve({ columns: message.columns, rows: running.raw.map((row) => named(message.columns, row)) })
        return
      case 'failed':
        running?.reject(new Error(message.message))
    }
  }

  #end(error: Error): void {
    this.#ended ??= error
    this.#failReady(error)
    this.#running?.reject(error)
  }
}

function named(columns: readonly string[], row: readonly Cell[]): ResultRow {
  return Object.fromEntries(columns.map((column, at) => [column, row[at] ?? null]))
}
