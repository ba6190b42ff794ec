/**
 * The main side of the embedded engine: queries wait their turn, run in the worker, and end with everything closed.
 */
import type { MessagePort, Worker } from 'node:worker_threads'
import type { BoundTable } from '../bind.ts'
import { Turns } from '../turns.ts'
import { Changes } from './changes.ts'
import { Cursors } from './cursors.ts'
import { Mailbox } from './mailbox.ts'
import { currentCall, isInside } from './nesting.ts'
import { checkParams } from './params.ts'
import { type FromWorker, stopFlag, type ToWorker } from './protocol.ts'
import { type Outcome, ResultCollector } from './result-collector.ts'
import type { DescribedColumn, QueryOptions, ResultSet, SqlDatabase } from './sql-database.ts'

/** How long to wait for tables, and for SQLite, after a query was stopped. */
export interface Patience {
  readonly graceMs: number
  readonly stopMs: number
}

/** A database over a worker. `ready` settles when the worker has declared the tables, or could not. */
export class Database implements SqlDatabase {
  readonly ready: Promise<void>
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #flags: Int32Array
  readonly #mailbox: Mailbox
  readonly #cursors: Cursors
  readonly #changes: Changes
  readonly #patience: Patience
  readonly #becomeReady: () => void
  readonly #failReady: (error: Error) => void
  readonly #turns = new Turns()
  #running: ResultCollector | undefined
  #ended: Error | undefined

  constructor(worker: Worker, port: MessagePort, flags: Int32Array, tables: readonly BoundTable[], patience: Patience) {
    this.#worker = worker
    this.#port = port
    this.#flags = flags
    this.#mailbox = new Mailbox(port, flags)
    this.#cursors = new Cursors(tables, this.#mailbox, this)
    this.#changes = new Changes(tables, this.#mailbox, this)
    this.#patience = patience
    const ready = Promise.withResolvers<void>()
    this.ready = ready.promise
    this.#becomeReady = ready.resolve
    this.#failReady = ready.reject
    port.unref()
    worker.on('message', (message: FromWorker) => this.#receive(message))
    worker.on('error', (error: Error) => this.#end(`the SQL engine failed: ${error.message}`, error))
    worker.on('exit', () => this.#end('the SQL engine has ended; open a new database'))
  }

  async query(sql: string, options: QueryOptions = {}): Promise<ResultSet> {
    const { columns, rows, cut } = await this.#takeTurn(options.signal, () => this.#run(sql, options, false))
    return { columns: columns.map(({ name }) => name), rows, ...(cut !== undefined && { cut }) }
  }

  async columns(sql: string): Promise<readonly string[]> {
    return (await this.describe(sql)).map(({ name }) => name)
  }

  async describe(sql: string, options: Pick<QueryOptions, 'signal'> = {}): Promise<readonly DescribedColumn[]> {
    return (await this.#takeTurn(options.signal, () => this.#run(sql, options, true))).columns
  }

  async close(): Promise<void> {
    this.#end('the database was closed')
    this.#port.close()
    await Promise.all([this.#worker.terminate(), this.#turns.idle()])
  }

  async #takeTurn(signal: AbortSignal | undefined, run: () => Promise<Outcome>): Promise<Outcome> {
    signal?.throwIfAborted()
    if (this.#ended) throw this.#ended
    if (isInside(this)) {
      throw new Error('a table asked the database that is waiting for it; join in SQL, or open a second database')
    }
    return this.#turns.take(signal, run)
  }

  async #run(
    sql: string,
    { params = [], asText = false, limits, signal }: QueryOptions,
    describe: boolean,
  ): Promise<Outcome> {
    if (this.#ended) throw this.#ended
    const running = new ResultCollector()
    let stuck: NodeJS.Timeout | undefined
    const onAbort = () => {
      this.#stop(signal?.reason)
      stuck = setTimeout(() => this.#kill(), this.#patience.stopMs)
    }
    this.#begin(running)
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#worker.ref()
    try {
      checkParams(params)
      this.#worker.postMessage({ kind: 'query', sql, params, describe, asText, limits } satisfies ToWorker)
      return await running.result
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      this.#running = undefined
      clearTimeout(stuck)
      signal?.removeEventListener('abort', onAbort)
      this.#mailbox.end()
      await Promise.all([this.#cursors.end(this.#patience.graceMs), this.#changes.end(this.#patience.graceMs)])
      this.#worker.unref()
    }
  }

  #begin(running: ResultCollector): void {
    Atomics.store(this.#flags, stopFlag, 0)
    this.#mailbox.begin()
    this.#cursors.begin(currentCall())
    this.#changes.begin(currentCall())
    this.#running = running
  }

  #stop(reason: unknown): void {
    Atomics.store(this.#flags, stopFlag, 1)
    this.#cursors.stop(reason)
    this.#changes.stop(reason)
    this.#mailbox.stop(reason)
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
      case 'write':
        this.#changes.write(message)
        return
      case 'close':
        this.#cursors.close(message.cursor)
        return
      default:
        this.#running?.receive(message, this.#mailbox.failure)
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
