/**
 * Embedded SQL: the same tables, in SQLite, with no osquery on the machine.
 *
 * SQLite (the official WebAssembly build) runs in a worker; tables run on the caller's loop. Constraints reach tables
 * by osquery's own push-down rules, so a table that answers well here answers well there.
 */
import { MessageChannel, Worker } from 'node:worker_threads'
import type { BoundTable } from '../bind.ts'
import { Database, type SqlDatabase } from './database.ts'
import type { WorkerSetup } from './protocol.ts'

export type { QueryOptions, ResultRow, ResultSet, SqlDatabase } from './database.ts'

/** Options of a database. */
export interface SqlOptions {
  /** How long a query waits for a table that was stopped and does not end; 5 s unless told. */
  readonly graceMs?: number
}

/**
 * Opens a database. It does not keep the process alive while nothing runs. Rejects when two tables share a name or
 * SQLite refuses a declaration.
 */
export async function openSql(tables: readonly BoundTable[], options: SqlOptions = {}): Promise<SqlDatabase> {
  const flags = new SharedArrayBuffer(8)
  const { port1, port2 } = new MessageChannel()
  const setup: WorkerSetup = {
    tables: tables.map(({ name, aliases, columns }) => ({
      name,
      aliases,
      columns: columns.map(({ name, type, options }) => ({ name, type, options })),
    })),
    flags,
    mailbox: port2,
  }
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: setup,
    transferList: [port2],
    // Options that speak of the main script would be refused for the worker's.
    execArgv: process.execArgv.filter((option) => !option.startsWith('--input-type')),
    name: 'embedded-sql',
  })
  const database = new Database(worker, port1, new Int32Array(flags), tables, options.graceMs ?? 5000)
  try {
    await database.ready
  } catch (error) {
    await database.close()
    throw error
  }
  return database
}
