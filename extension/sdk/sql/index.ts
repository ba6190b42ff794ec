/**
 * Embedded SQL: the same tables, in SQLite, with no osquery on the machine.
 *
 * SQLite (the official WebAssembly build) runs in a worker; tables run on the caller's loop. Constraints reach tables
 * by osquery's own push-down rules, so a table that answers well here answers well there.
 */
import { MessageChannel } from 'node:worker_threads'
import type { BoundTable } from '../bind.ts'
import { startThread } from '../thread.ts'
import { Database } from './database.ts'
import type { WorkerSetup } from './protocol.ts'
import type { SqlDatabase } from './sql-database.ts'

export type { AnswerLimits } from '../answer-limits.ts'
export { expressionTypes } from './expression-types.ts'
export type { DescribedColumn, QueryOptions, ResultRow, ResultSet, SqlDatabase } from './sql-database.ts'

/** Options of a database. */
export interface SqlOptions {
  /** How long a query waits for a table that was stopped and does not end; 5 s unless told. */
  readonly graceMs?: number
  /**
   * How long SQLite may take to notice an abort; 5 s unless told. It looks between its steps, and one step can be one
   * function over a huge text. Then the engine is ended: the query still rejects with its reason, and later ones say
   * that a new database is needed.
   */
  readonly stopMs?: number
  /** Functions that another SQLite has: a statement with them can be prepared here, and fails when it is run. */
  readonly declaredFunctions?: readonly string[]
  /** Bytes a text or blob may have inside SQLite, whose memory does not shrink; 256 MiB unless told. */
  readonly maxValueBytes?: number
}

/**
 * Opens a database. It does not keep the process alive while nothing runs. Rejects when two tables share a name or
 * SQLite refuses a declaration.
 */
export async function openSql(tables: readonly BoundTable[], options: SqlOptions = {}): Promise<SqlDatabase> {
  const flags = new SharedArrayBuffer(8)
  const { port1, port2 } = new MessageChannel()
  const setup: WorkerSetup = {
    tables: tables.map(({ name, aliases, columns, write }) => ({
      name,
      aliases,
      columns: columns.map(({ name, type, options }) => ({ name, type, options })),
      isWritable: write !== undefined,
    })),
    flags,
    mailbox: port2,
    declaredFunctions: options.declaredFunctions ?? [],
    maxValueBytes: options.maxValueBytes ?? 256 * 1024 * 1024,
  }
  const worker = startThread('sql', {
    workerData: setup,
    transferList: [port2],
    ...workerOptions(process.execArgv),
  })
  const database = new Database(worker, port1, new Int32Array(flags), tables, {
    graceMs: options.graceMs ?? 5000,
    stopMs: options.stopMs ?? 5000,
  })
  try {
    await database.ready
  } catch (error) {
    await database.close()
    throw error
  }
  return database
}

/**
 * Without options of its own a worker inherits this process's as they are. Named ones are checked, and options of the
 * whole process (`--max-old-space-size`, `--title`) are refused then; so they are named only where inheriting fails:
 * `--input-type` speaks of a script given as text, and the worker's is a file.
 */
function workerOptions(execArgv: readonly string[]): { execArgv?: string[] } {
  if (!execArgv.some((option) => option.startsWith('--input-type'))) return {}
  return { execArgv: execArgv.filter((option) => /^--(permission|allow-)/.test(option)) }
}
