/**
 * A real osqueryd, asked over its extension socket: any table, osquery's own and those of its extensions.
 *
 * Every question has a connection of its own, so nothing has to be restored when osqueryd was restarted: the next
 * question reaches whoever listens then. A question that was given up goes on inside osqueryd, which has no way to be
 * told; whoever asks must not repeat one that stalled.
 */
import { ManagerClient, StatusError } from '../../extension/sdk/client.ts'
import { HungUpError } from '../../extension/sdk/transport/exchange.ts'
import {
  type Engine,
  EngineError,
  type QueryBudget,
  type ResultColumn,
  type ResultRow,
  type ResultSet,
} from './engine.ts'
import { shortened } from './statement-text.ts'

/** Where osqueryd listens. */
export interface OsqueryEngineOptions {
  /** Path of the manager's socket; a named pipe on Windows. */
  readonly socket: string
}

/** The signal is the deadline; an exchange wants one of its own, and this is the longest that a timer takes. */
const timeoutMs = 2 ** 31 - 1

/** One row with a short text. */
const versionBudget: QueryBudget = { maxRows: 1, maxCellBytes: 256, maxBytes: 256 }

/** The engine over osqueryd. */
export class OsqueryEngine implements Engine {
  readonly name = 'osquery'
  readonly #client: ManagerClient
  readonly #closed = new AbortController()

  constructor({ socket }: OsqueryEngineOptions) {
    this.#client = new ManagerClient(socket, { timeoutMs })
  }

  async query(sql: string, budget: QueryBudget, signal: AbortSignal): Promise<ResultSet> {
    return await this.#ask(`run ${shortened(sql)}`, signal, async (signal) => {
      const described = await this.#client.getQueryColumns(sql, { signal })
      const { rows, cut } = await this.#client.queryWithin(sql, budget, { signal })
      const columns = allColumns(described.flatMap(columnOf), rows)
      return {
        columns,
        rows: rows.map((row) => inOrder(columns, row)),
        ...(cut !== undefined && { truncated: cut }),
      }
    })
  }

  async version(signal: AbortSignal): Promise<string> {
    const sql = 'SELECT version FROM osquery_info'
    const { rows } = await this.#ask('learn the version of osquery', signal, (signal) =>
      this.#client.queryWithin(sql, versionBudget, { signal }),
    )
    return rows[0]?.['version'] ?? ''
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error('the engine was closed'))
  }

  async #ask<T>(what: string, signal: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const either = AbortSignal.any([signal, this.#closed.signal])
    try {
      return await ask(either)
    } catch (error) {
      throw this.#failure(what, error, either)
    }
  }

  #failure(what: string, error: unknown, signal: AbortSignal): EngineError {
    const at = JSON.stringify(this.#client.address)
    if (signal.aborted) {
      const message = `cannot ${what}: osquery at ${at} did not answer in time; it may still be working on it`
      return new EngineError('stalled', message, { cause: error })
    }
    if (error instanceof StatusError) {
      return new EngineError('sql', `cannot ${what}: osquery said ${JSON.stringify(error.message)}`, { cause: error })
    }
    const found = error instanceof Error ? error.message : String(error)
    if (isBreak(error)) {
      const message = `cannot ${what}: osquery at ${at} went away in the middle of it (${found})`
      return new EngineError('unreachable', message, { cause: error, isInterrupted: true })
    }
    const remedy = 'check that osqueryd runs with this extensions_socket and that this user may open it'
    return new EngineError('unreachable', `cannot ${what}: no osquery at ${at} (${found}); ${remedy}`, { cause: error })
  }
}

/** Whether osquery had taken the question and then was gone. */
function isBreak(error: unknown): boolean {
  if (error instanceof HungUpError) return true
  const { code, syscall } = error as NodeJS.ErrnoException
  return (code === 'ECONNRESET' || code === 'EPIPE') && syscall !== 'connect'
}

/** osquery tells each column as a row of one pair: name and type. */
function columnOf(pair: Readonly<Record<string, string>>): ResultColumn[] {
  return Object.entries(pair).map(([name, type]) => ({ name, type: type === 'UNKNOWN' ? '' : type.toUpperCase() }))
}

/** Each name once, as in a row; of further statements in the same text only rows tell the columns. */
function allColumns(described: readonly ResultColumn[], rows: readonly ResultRow[]): ResultColumn[] {
  const columns = new Map(described.map((column) => [column.name, column]))
  for (const row of rows) for (const name in row) if (!columns.has(name)) columns.set(name, { name, type: '' })
  return [...columns.values()]
}

function inOrder(columns: readonly ResultColumn[], row: ResultRow): ResultRow {
  return Object.fromEntries(columns.flatMap(({ name }) => (Object.hasOwn(row, name) ? [[name, row[name] ?? '']] : [])))
}
