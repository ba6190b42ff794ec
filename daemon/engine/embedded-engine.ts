/**
 * Our own tables in the embedded SQL engine, for a host without osquery.
 *
 * Tables and SQLite are opened for the first query and closed when nobody asked for a while: a daemon that waits for
 * an hour must not hold what only its queries need. A query that stalls costs its database, a thread, and not the
 * others. Tables run in this thread, so a daemon has the engine in a process of its own: see `process-engine.ts`. Of
 * osquery's own tables there are those of `host-tables.ts`, beside what `open` brings.
 */
import { type Alarm, type Clock, systemAlarm, systemClock } from '../../extension/runtime/clock.ts'
import { collectGarbage } from '../../extension/runtime/memory.ts'
import type { BoundTable } from '../../extension/sdk/index.ts'
import { type DescribedColumn, expressionTypes, openSql, type SqlDatabase } from '../../extension/sdk/sql/index.ts'
import { type Engine, EngineError, type QueryBudget, type ResultSet } from './engine.ts'
import { followedVersion } from './followed-version.ts'
import { hostTables } from './host-tables.ts'
import { shortened } from './statement-text.ts'

/** Tables that are open. */
export interface OpenedTables {
  readonly tables: readonly BoundTable[]
  /** Whether they would be others if they were opened now, because other indicators are in force; cheap. */
  readonly isOutdated?: boolean
  close(): Promise<void> | void
}

/** What the engine needs, and its bounds. */
export interface EmbeddedEngineOptions {
  /** Opens the tables; called for the first query, and again after they were closed. */
  open(): Promise<OpenedTables>
  /** Name and version of the extension, for `osquery_extensions`. */
  readonly extension: { readonly name: string; readonly version: string }
  /** Milliseconds without a query until everything is closed; a minute unless told. */
  readonly idleMs?: number
  /**
   * Milliseconds that open tables are good for: a table may answer from what it found when it was opened. Five minutes
   * unless told; a query that finds them older, or outdated, has them opened anew, unless another is using them.
   */
  readonly maxAgeMs?: number
  readonly clock?: Clock
  /** Milliseconds that a stalled table, and SQLite, have to end after the deadline; 5 s each unless told. */
  readonly graceMs?: number
  readonly stopMs?: number
  readonly alarm?: Alarm
}

/**
 * Bytes of one value inside SQLite: what a cell may be before it is cut. WebAssembly memory never shrinks, and a value
 * is there several times, so the bound is what keeps a hostile cell from taking a gigabyte.
 */
const maxValueBytes = 64 * 1024 * 1024

const defaultIdleMs = 60_000
const defaultMaxAgeMs = 300_000

interface Open {
  readonly opened: OpenedTables
  readonly tables: readonly BoundTable[]
  /** Databases without work. */
  readonly free: SqlDatabase[]
}

/** The embedded engine. */
export class EmbeddedEngine implements Engine {
  readonly name = 'embedded'
  readonly #options: EmbeddedEngineOptions
  readonly #alarm: Alarm
  readonly #clock: Clock
  #openedMs = 0
  readonly #closed = new AbortController()
  #open: Promise<Open> | undefined
  /** Of those that were opened last. */
  #tables: OpenedTables | undefined
  #running = 0
  #callOff = () => {}
  /** Closing that is under way; opening waits for it. */
  #closing: Promise<void> = Promise.resolve()

  constructor(options: EmbeddedEngineOptions) {
    this.#options = options
    this.#alarm = options.alarm ?? systemAlarm
    this.#clock = options.clock ?? systemClock
  }

  /** Whether tables are open. */
  get isOpen(): boolean {
    return this.#open !== undefined
  }

  async query(sql: string, budget: QueryBudget, signal: AbortSignal): Promise<ResultSet> {
    const either = AbortSignal.any([signal, this.#closed.signal])
    this.#callOff()
    this.#running++
    try {
      const open = await this.#opened(sql, either)
      return await this.#run(open, sql, budget, either)
    } finally {
      this.#running--
      if (this.#running === 0) this.#rest()
    }
  }

  async version(): Promise<string> {
    return followedVersion
  }

  cpuMs(): number {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error('the engine was closed'))
    this.#callOff()
    await this.#release()
  }

  async #run(open: Open, sql: string, budget: QueryBudget, signal: AbortSignal): Promise<ResultSet> {
    const database = open.free.pop() ?? (await this.#database(open, sql, signal))
    let isGood = false
    try {
      const described = await describe(database, sql, signal)
      const { columns, rows, cut } = await database.query(sql, { limits: budget, signal })
      isGood = true
      return resultSet(described, columns, rows, cut)
    } catch (error) {
      if (signal.aborted) throw stalled(sql, error)
      isGood = await isAlive(database)
      const found = error instanceof Error ? error.message : String(error)
      if (isGood) throw new EngineError('sql', `cannot run ${shortened(sql)}: ${found}`, { cause: error })
      const message = `cannot run ${shortened(sql)}: it ended the SQL engine (${found})`
      throw new EngineError('unreachable', message, { cause: error, isInterrupted: true })
    } finally {
      if (isGood && this.#open !== undefined) open.free.push(database)
      else await database.close()
    }
  }

  async #opened(sql: string, signal: AbortSignal): Promise<Open> {
    const nowMs = this.#clock.nowMs()
    const ageMs = Math.abs(nowMs - this.#openedMs) // a clock that was set back makes nothing young again
    const isOld = ageMs > (this.#options.maxAgeMs ?? defaultMaxAgeMs) || this.#tables?.isOutdated === true
    if (this.#running === 1 && isOld) await this.#release()
    if (this.#open === undefined) this.#openedMs = nowMs
    this.#open ??= this.#closing.then(() => this.#openTables())
    const open = this.#open
    open.catch(() => {
      if (this.#open === open) this.#open = undefined // the next query tries again
    })
    try {
      return await untilAborted(open, signal)
    } catch (error) {
      if (signal.aborted) throw stalled(sql, error)
      const found = error instanceof Error ? error.message : String(error)
      throw new EngineError('unreachable', `cannot open the tables: ${found}`, { cause: error })
    }
  }

  async #openTables(): Promise<Open> {
    const opened = await this.#options.open()
    this.#tables = opened
    const { extension } = this.#options
    const own = hostTables({ version: followedVersion, extension, tables: opened.tables.map(({ name }) => name) })
    return { opened, tables: [...opened.tables, ...own], free: [] }
  }

  async #database(open: Open, sql: string, signal: AbortSignal): Promise<SqlDatabase> {
    const { graceMs, stopMs } = this.#options
    try {
      return await openSql(open.tables, {
        maxValueBytes,
        ...(graceMs !== undefined && { graceMs }),
        ...(stopMs !== undefined && { stopMs }),
      })
    } catch (error) {
      if (signal.aborted) throw stalled(sql, error)
      const found = error instanceof Error ? error.message : String(error)
      throw new EngineError('unreachable', `cannot open the SQL engine: ${found}`, { cause: error })
    }
  }

  /** Nobody asks: everything is closed after a while. */
  #rest(): void {
    this.#callOff()
    if (this.#open === undefined || this.#closed.signal.aborted) return
    this.#callOff = this.#alarm.after(this.#options.idleMs ?? defaultIdleMs, () => {
      if (this.#running === 0) void this.#release().then(collectGarbage)
    })
  }

  /** Closes what is open; never rejects, because what cannot be closed is not used again either. */
  async #release(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    this.#tables = undefined
    if (open !== undefined) {
      this.#closing = open.then(async ({ opened, free }) => {
        await Promise.all(free.splice(0).map((database) => database.close()))
        await opened.close()
      })
      this.#closing = this.#closing.catch(() => {})
    }
    await this.#closing
  }
}

function stalled(sql: string, cause: unknown): EngineError {
  const message = `cannot run ${shortened(sql)}: it was not done when its time was over, and was ended`
  return new EngineError('stalled', message, { cause })
}

/** Names and types; of expressions SQLite knows none, and osquery guesses them from the program of the statement. */
async function describe(database: SqlDatabase, sql: string, signal: AbortSignal): Promise<DescribedColumn[]> {
  const columns = await database.describe(sql, { signal })
  if (columns.every(({ type }) => type !== null)) return [...columns]
  const plan = await database.query(`EXPLAIN ${sql}`, { signal })
  const guessed = expressionTypes(plan.rows)
  return columns.map(({ name, type }, at) => ({ name, type: type ?? guessed[at] ?? '' }))
}

/** osquery's rows have each name once, with the value of the last column of that name. */
function resultSet(
  described: readonly DescribedColumn[],
  keys: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
  cut: string | undefined,
): ResultSet {
  const taken = new Map<string, { readonly key: string; readonly type: string }>()
  for (const [at, key] of keys.entries()) {
    const original = key.replace(/:\d+$/, '')
    const name = original !== key && taken.has(original) ? original : key
    taken.set(name, { key, type: (described[at]?.type ?? '').toUpperCase() })
  }
  const columns = [...taken].map(([name, { type }]) => ({ name, type }))
  const pairs = [...taken].map(([name, { key }]) => [name, key] as const)
  return {
    columns,
    rows: rows.map((row) => Object.fromEntries(pairs.map(([name, key]) => [name, String(row[key] ?? '')]))),
    ...(cut !== undefined && { truncated: cut }),
  }
}

/** Whether the engine outlived an error: then it was the statement's or a table's. */
async function isAlive(database: SqlDatabase): Promise<boolean> {
  return await database.query('SELECT 1').then(
    () => true,
    () => false,
  )
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
