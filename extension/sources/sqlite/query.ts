/**
 * Reads tables of a hostile database with SQLite, in memory, and nothing but those tables.
 *
 * The schema in the file is not trusted: no views, triggers, functions or virtual tables, so a table is read as it is
 * stored or not at all. Indexes are not used: a damaged one would hide rows. Time is bounded by SQLite's own counting of
 * steps, memory by a limit of its heap.
 * https://sqlite.org/security.html
 */
import type { Pointer, Sqlite } from '../../sdk/sql/sqlite.ts'
import type { TableQuery, Value } from './messages.ts'
import type { NeedleSearch } from './needle-search.ts'

/** All of SQLite's memory: the largest database, its cache of 2 MiB, and rows; it can be set once in a process. */
const heapBytes = 320 << 20
/** A row cannot be larger than its file; what states otherwise is refused before memory is taken for it. */
const minRow = 1 << 20
/** A value beyond this is cut; a host stands at the start. */
const maxText = 16 << 10
/** Rows of one query: those that may matter, and those of a whole table, of which a history of years has some ten thousand. */
const maxRows = 20_000
const maxAllRows = 100_000
/** Characters of the rows of a whole table: what the heap of the thread can hold beside the rest. */
const maxAllText = 32 << 20
const stepsBetweenLooks = 2000
/** SQLITE_CORRUPT */
const corrupt = 11

/** Bounds of one database. */
export interface QueryLimits {
  readonly isLate: () => boolean
}

/** Why a table could not be read to its end. */
export interface QueryProblem {
  readonly table: string
  readonly kind: 'damaged' | 'timeout' | 'too_many'
  readonly message: string
}

/** Rows by query, and what was not read. */
export interface QueryAnswer {
  readonly rows: Value[][][]
  readonly problems: QueryProblem[]
}

/** Runs the queries in order over a database whose bytes are given. */
export function runQueries(
  sqlite: Sqlite,
  bytes: Uint8Array,
  queries: readonly TableQuery[],
  needles: NeedleSearch,
  limits: QueryLimits,
): QueryAnswer {
  const { capi, wasm } = sqlite
  const rows: Value[][][] = queries.map(() => [])
  const memory = wasm.alloc(bytes.length)
  let db: Pointer = 0
  try {
    wasm.heap8u().set(bytes, memory)
    db = openBytes(sqlite, memory, bytes.length)
    capi.sqlite3_progress_handler(db, stepsBetweenLooks, () => (limits.isLate() ? 1 : 0), 0)
    const problems = queries.flatMap((query, at) => {
      const result = runQuery(sqlite, db, query, { rows, queries, needles }, rows[at] ?? [])
      return result === undefined ? [] : [{ table: query.table, ...result }]
    })
    return { rows, problems }
  } finally {
    if (db) capi.sqlite3_close_v2(db)
    wasm.dealloc(memory)
  }
}

function openBytes(sqlite: Sqlite, memory: Pointer, size: number): Pointer {
  const { capi, wasm } = sqlite
  const scope = wasm.scopedAllocPush()
  try {
    const out = wasm.scopedAllocPtr()
    const rc = capi.sqlite3_open_v2(':memory:', out, capi.SQLITE_OPEN_READWRITE | capi.SQLITE_OPEN_MEMORY, 0)
    const db = wasm.peekPtr(out)
    if (rc !== capi.SQLITE_OK) throw new Error(`SQLite does not open a database in memory: code ${rc}`)
    capi.sqlite3_db_config(db, capi.SQLITE_DBCONFIG_DEFENSIVE, 1, 0)
    capi.sqlite3_db_config(db, capi.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, 0)
    capi.sqlite3_db_config(db, capi.SQLITE_DBCONFIG_ENABLE_VIEW, 0, 0)
    capi.sqlite3_db_config(db, capi.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, 0)
    capi.sqlite3_limit(db, capi.SQLITE_LIMIT_ATTACHED, 0)
    capi.sqlite3_limit(db, capi.SQLITE_LIMIT_LENGTH, Math.max(size, minRow))
    capi.sqlite3_exec(db, `PRAGMA hard_heap_limit=${heapBytes}`, 0, 0, 0)
    capi.sqlite3_deserialize(db, 'main', memory, size, size, capi.SQLITE_DESERIALIZE_READONLY)
    capi.sqlite3_exec(db, 'PRAGMA cell_size_check=ON', 0, 0, 0)
    return db
  } finally {
    wasm.scopedAllocPop(scope)
  }
}

interface Earlier {
  readonly rows: readonly (readonly (readonly Value[])[])[]
  readonly queries: readonly TableQuery[]
  readonly needles: NeedleSearch
}

/** Fills `into`; answers why not all of the table was read. A table that is not there is no problem. */
function runQuery(
  sqlite: Sqlite,
  db: Pointer,
  query: TableQuery,
  earlier: Earlier,
  into: Value[][],
): Omit<QueryProblem, 'table'> | undefined {
  const { capi } = sqlite
  const wanted = rowFilter(query, earlier)
  if (wanted === undefined) return undefined
  allowOnly(sqlite, db, query.table)
  let statement: Pointer = 0
  try {
    if (!isThere(sqlite, db, query.table)) return undefined
    const present = columnsOf(sqlite, db, query.table)
    const places = query.columns.map((name) => (name === 'rowid' || present.has(name) ? `t."${name}"` : 'NULL'))
    if (places.every((place) => place === 'NULL')) return undefined
    statement = prepare(sqlite, db, `SELECT ${places.join(', ')} FROM "${query.table}" AS t NOT INDEXED`)
    const bound = query.where === 'all' ? maxAllRows : maxRows
    let characters = 0
    for (;;) {
      const rc = sqlite.wasm.exports.sqlite3_step(statement)
      if (rc === capi.SQLITE_DONE) return undefined
      if (rc !== capi.SQLITE_ROW) throw failure(sqlite, db, rc)
      const row = wanted(sqlite, statement)
      if (row === undefined) continue
      if (query.where === 'all') characters += row.reduce<number>((sum, one) => sum + sizeOf(one), 0)
      if (into.length >= bound || characters > maxAllText) {
        return {
          kind: 'too_many',
          message: `more than ${into.length} rows${query.where === 'all' ? '' : ' that may matter'}`,
        }
      }
      into.push(row)
    }
  } catch (cause) {
    if (cause instanceof StoreError) {
      return { kind: cause.code === capi.SQLITE_INTERRUPT ? 'timeout' : 'damaged', message: cause.message }
    }
    throw cause
  } finally {
    capi.sqlite3_finalize(statement)
  }
}

function sizeOf(value: Value): number {
  return typeof value === 'string' ? value.length : 8
}

type RowFilter = (sqlite: Sqlite, statement: Pointer) => Value[] | undefined

/** How a row is told to be wanted, reading as little of it as that takes; undefined when none can be. */
function rowFilter({ columns, where }: TableQuery, { rows, queries, needles }: Earlier): RowFilter | undefined {
  const all = (sqlite: Sqlite, statement: Pointer) => columns.map((_, at) => readValue(sqlite, statement, at))
  if (where === 'all') return all
  if ('holdsNeedle' in where) {
    const places = where.holdsNeedle.map((name) => columns.indexOf(name))
    return (sqlite, statement) => {
      for (const at of places) if (holdsNeedle(sqlite, statement, at, needles)) return all(sqlite, statement)
      return undefined
    }
  }
  const place = columns.indexOf(where.column)
  const from = queries[where.isOneOf.query]?.columns.indexOf(where.isOneOf.column) ?? -1
  const keys = new Set((rows[where.isOneOf.query] ?? []).map((row) => row[from] ?? null))
  keys.delete(null)
  if (keys.size === 0) return undefined
  return (sqlite, statement) => (keys.has(readValue(sqlite, statement, place)) ? all(sqlite, statement) : undefined)
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

function holdsNeedle({ capi, wasm }: Sqlite, statement: Pointer, at: number, needles: NeedleSearch): boolean {
  const { exports } = wasm
  const type = exports.sqlite3_column_type(statement, at)
  if (type !== capi.SQLITE_TEXT && type !== capi.SQLITE_BLOB) return false
  const isText = type === capi.SQLITE_TEXT
  const start = isText ? exports.sqlite3_column_text(statement, at) : exports.sqlite3_column_blob(statement, at)
  const end = start + Math.min(exports.sqlite3_column_bytes(statement, at), maxText)
  return needles.isInBytes(wasm.heap8u(), start, end)
}

function readValue({ capi, wasm }: Sqlite, statement: Pointer, at: number): Value {
  const { exports } = wasm
  const type = exports.sqlite3_column_type(statement, at)
  switch (type) {
    case capi.SQLITE_INTEGER: {
      const value = exports.sqlite3_column_int64(statement, at)
      return value >= smallest && value <= largest ? Number(value) : value
    }
    case capi.SQLITE_FLOAT:
      return exports.sqlite3_column_double(statement, at)
    case capi.SQLITE_NULL:
      return null
    default: {
      const isText = type === capi.SQLITE_TEXT
      const start = isText ? exports.sqlite3_column_text(statement, at) : exports.sqlite3_column_blob(statement, at)
      const length = Math.min(exports.sqlite3_column_bytes(statement, at), maxText)
      return utf8.decode(wasm.heap8u().subarray(start, start + length))
    }
  }
}

const smallest = BigInt(Number.MIN_SAFE_INTEGER)
const largest = BigInt(Number.MAX_SAFE_INTEGER)

/** What columns may have for a value nobody gave, as Apple's caches do; they read nothing of the database. */
const clocks = new Set(['current_timestamp', 'current_date', 'current_time'])

/** From here on the schema table and one table can be read, and nothing else can be done. */
function allowOnly({ capi }: Sqlite, db: Pointer, table: string): void {
  const readable = new Set([table.toLowerCase(), 'sqlite_master', 'sqlite_schema'])
  capi.sqlite3_set_authorizer(
    db,
    (_data, action, first, second) => {
      if (action === capi.SQLITE_SELECT) return capi.SQLITE_OK
      if (action === capi.SQLITE_FUNCTION && clocks.has(String(second).toLowerCase())) return capi.SQLITE_OK
      return action === capi.SQLITE_READ && readable.has(String(first).toLowerCase())
        ? capi.SQLITE_OK
        : capi.SQLITE_DENY
    },
    0,
  )
}

/**
 * Whether there is such a table of rows. Something else by its name is refused: a view, a virtual table, which has no page
 * of its own.
 */
function isThere(sqlite: Sqlite, db: Pointer, table: string): boolean {
  const isTable = "type = 'table' AND rootpage > 0"
  const sql = `SELECT ${isTable} FROM sqlite_schema WHERE type IN ('table', 'view') AND name = '${table}' COLLATE NOCASE`
  const statement = prepare(sqlite, db, sql)
  try {
    const rc = sqlite.capi.sqlite3_step(statement)
    if (rc !== sqlite.capi.SQLITE_ROW && rc !== sqlite.capi.SQLITE_DONE) throw failure(sqlite, db, rc)
    if (rc === sqlite.capi.SQLITE_DONE) return false
    if (sqlite.wasm.exports.sqlite3_column_int64(statement, 0) === 1n) return true
    throw new StoreError(corrupt, 'it is no table of rows')
  } finally {
    sqlite.capi.sqlite3_finalize(statement)
  }
}

function columnsOf(sqlite: Sqlite, db: Pointer, table: string): ReadonlySet<string> {
  const { capi } = sqlite
  const statement = prepare(sqlite, db, `SELECT * FROM "${table}" NOT INDEXED`)
  try {
    const count = capi.sqlite3_column_count(statement)
    return new Set(Array.from({ length: count }, (_, at) => capi.sqlite3_column_name(statement, at).toLowerCase()))
  } finally {
    capi.sqlite3_finalize(statement)
  }
}

function prepare(sqlite: Sqlite, db: Pointer, sql: string): Pointer {
  const { capi, wasm } = sqlite
  const scope = wasm.scopedAllocPush()
  try {
    const [text, length] = wasm.scopedAllocCString(sql, true)
    const out = wasm.scopedAllocPtr()
    const rc = capi.sqlite3_prepare_v3(db, text, length, 0, out, 0)
    if (rc !== capi.SQLITE_OK) throw failure(sqlite, db, rc)
    return wasm.peekPtr(out)
  } finally {
    wasm.scopedAllocPop(scope)
  }
}

/** What SQLite refuses. */
class StoreError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

function failure({ capi }: Sqlite, db: Pointer, code: number): StoreError {
  return new StoreError(code & 0xff, capi.sqlite3_errmsg(db).slice(0, 200))
}
