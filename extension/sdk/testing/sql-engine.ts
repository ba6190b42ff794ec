/**
 * SQL over the tables of the moment, many queries at once.
 *
 * One database is kept; a query that comes while it is busy, from a table that asks back for instance, gets one of its
 * own for as long as it lasts. osquery does the same, and asks every extension for its columns before it does.
 */
import type { BoundTable } from '../bind.ts'
import type { TextRow } from '../client.ts'
import {
  type DescribedColumn,
  expressionTypes,
  openSql,
  type ResultRow,
  type ResultSet,
  type SqlDatabase,
} from '../sql/index.ts'
import { statements } from './statements.ts'

/** Tables for a new database; `isTransient` when one is there already and busy. */
export type TableSource = (isTransient: boolean) => Promise<readonly BoundTable[]>

interface Kept {
  readonly database: SqlDatabase
  readonly generation: number
}

/** The engine. */
export class SqlEngine {
  readonly #tables: TableSource
  #generation = 0
  /** At rest. */
  #idle: Kept | undefined
  /** Whether the database that is kept is at work. */
  #isBusy = false
  readonly #open = new Set<SqlDatabase>()
  #isClosed = false

  constructor(tables: TableSource) {
    this.#tables = tables
  }

  /** Tables came or went: queries from now on see it. */
  changed(): void {
    this.#generation++
  }

  /** Rows of all statements, as osquery gives them: text, columns sorted by name. */
  async query(sql: string, signal?: AbortSignal): Promise<readonly TextRow[]> {
    const rows: TextRow[] = []
    await this.#use(async (database) => {
      for (const statement of statements(sql)) {
        const result = await database.query(statement, { asText: true, ...(signal && { signal }) })
        const columns = sortedColumns(result)
        for (const row of result.rows) rows.push(textRow(columns, row))
      }
    })
    return rows
  }

  /** Columns of the first statement: name to type, one each. */
  async columns(sql: string, signal?: AbortSignal): Promise<readonly TextRow[]> {
    const [statement] = statements(sql)
    if (statement === undefined) return []
    return await this.#use(async (database) => {
      const columns = withOwnNames(await database.describe(statement, signal && { signal }))
      if (columns.every(({ type }) => type !== null)) return columns.map(({ name, type }) => ({ [name]: type ?? '' }))
      const plan = await database.query(`EXPLAIN ${statement}`, signal && { signal })
      const guessed = expressionTypes(plan.rows)
      return columns.map(({ name, type }, at) => ({ [name]: type ?? guessed[at] ?? 'UNKNOWN' }))
    })
  }

  /** Ends everything; running queries reject. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#open].map((database) => database.close()))
  }

  async #use<T>(work: (database: SqlDatabase) => Promise<T>): Promise<T> {
    const isTransient = this.#isBusy
    if (isTransient) {
      const database = await this.#opened(true)
      try {
        return await work(database)
      } finally {
        await this.#end(database)
      }
    }
    this.#isBusy = true
    try {
      return await work(await this.#current())
    } finally {
      this.#isBusy = false
    }
  }

  /** The database that is kept, made anew when tables changed. */
  async #current(): Promise<SqlDatabase> {
    const generation = this.#generation
    if (this.#idle?.generation === generation) return this.#idle.database
    const stale = this.#idle
    this.#idle = undefined
    if (stale) await this.#end(stale.database)
    const database = await this.#opened(false)
    this.#idle = { database, generation }
    return database
  }

  async #opened(isTransient: boolean): Promise<SqlDatabase> {
    const database = await openSql(await this.#tables(isTransient))
    this.#open.add(database)
    if (!this.#isClosed) return database
    await this.#end(database)
    throw new Error('osquery is shutting down')
  }

  async #end(database: SqlDatabase): Promise<void> {
    this.#open.delete(database)
    await database.close()
  }
}

/** osquery tells every column by its name, also one that an earlier column has. */
function withOwnNames(columns: readonly DescribedColumn[]): DescribedColumn[] {
  const names = new Set(columns.map(({ name }) => name))
  return columns.map(({ name, type }) => {
    const original = name.replace(/:\d+$/, '')
    return { name: names.has(original) ? original : name, type }
  })
}

/** Pairs of the name in the row and osquery's, which keeps one of several columns of a name: the last. */
function sortedColumns({ columns }: ResultSet): (readonly [key: string, name: string])[] {
  const names = new Map<string, string>()
  for (const key of columns) {
    const original = key.replace(/:\d+$/, '')
    names.set(original !== key && names.has(original) ? original : key, key)
  }
  return [...names].map(([name, key]) => [key, name] as const).sort(([, a], [, b]) => (a < b ? -1 : 1))
}

function textRow(columns: readonly (readonly [key: string, name: string])[], row: ResultRow): TextRow {
  return Object.fromEntries(columns.map(([key, name]) => [name, String(row[key] ?? '')]))
}
