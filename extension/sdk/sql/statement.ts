/**
 * Runs one statement and hands its rows over in batches.
 */
import type { Cell } from '../columns.ts'
import { rowsPerBatch, type ToWorker } from './protocol.ts'
import type { Pointer, Sqlite } from './sqlite.ts'

/** Prepares, binds, steps; returns the column names. Exactly one statement is accepted. */
export function runStatement(sqlite: Sqlite, db: Pointer, message: ToWorker, give: (rows: Cell[][]) => void): string[] {
  const { capi } = sqlite
  const statement = prepareOne(sqlite, db, message.sql)
  try {
    bindAll(sqlite, db, statement, message.params)
    const columns = columnNames(sqlite, statement)
    if (message.describe) return columns
    let rows: Cell[][] = []
    for (;;) {
      const rc = capi.sqlite3_step(statement)
      if (rc === capi.SQLITE_DONE) break
      if (rc !== capi.SQLITE_ROW) throw new Error(capi.sqlite3_errmsg(db))
      rows.push(columns.map((_, at) => readCell(sqlite, statement, at)))
      if (rows.length >= rowsPerBatch) {
        give(rows)
        rows = []
      }
    }
    if (rows.length > 0) give(rows)
    return columns
  } finally {
    capi.sqlite3_finalize(statement)
  }
}

function prepareOne(sqlite: Sqlite, db: Pointer, sql: string): Pointer {
  const { capi, wasm } = sqlite
  if (sql.includes('\0')) throw new Error('the statement contains a NUL character')
  const scope = wasm.scopedAllocPush()
  try {
    const [start, length] = wasm.scopedAllocCString(sql, true)
    const pStatement = wasm.scopedAllocPtr()
    const pTail = wasm.scopedAllocPtr()
    const prepare = (at: Pointer): Pointer => {
      const rc = capi.sqlite3_prepare_v3(db, at, length - (at - start), 0, pStatement, pTail)
      if (rc !== 0) throw new Error(capi.sqlite3_errmsg(db))
      return wasm.peekPtr(pStatement)
    }
    const statement = prepare(start)
    if (!statement) throw new Error('there is no statement')
    const tail = wasm.peekPtr(pTail)
    if (tail < start + length && hasStatement(prepare, tail, capi.sqlite3_finalize)) {
      capi.sqlite3_finalize(statement)
      throw new Error('there is more than one statement; give one at a time')
    }
    return statement
  } finally {
    wasm.scopedAllocPop(scope)
  }
}

/** Whether anything but blanks and comments follows; what does not parse counts as something. */
function hasStatement(
  prepare: (at: Pointer) => Pointer,
  tail: Pointer,
  finalize: (statement: Pointer) => unknown,
): boolean {
  try {
    const second = prepare(tail)
    if (second) finalize(second)
    return Boolean(second)
  } catch {
    return true
  }
}

function bindAll(sqlite: Sqlite, db: Pointer, statement: Pointer, params: readonly Cell[]): void {
  const { capi } = sqlite
  const wanted = capi.sqlite3_bind_parameter_count(statement)
  if (wanted !== params.length) throw new Error(`the statement has ${wanted} parameters, ${params.length} were given`)
  for (const [at, cell] of params.entries()) {
    const rc = bindOne(sqlite, statement, at + 1, cell)
    if (rc !== 0) throw new Error(capi.sqlite3_errmsg(db))
  }
}

function bindOne({ capi }: Sqlite, statement: Pointer, at: number, cell: Cell): number {
  if (cell === null) return capi.sqlite3_bind_null(statement, at)
  if (typeof cell === 'string') return capi.sqlite3_bind_text(statement, at, cell, -1, capi.SQLITE_TRANSIENT)
  if (typeof cell === 'bigint') return capi.sqlite3_bind_int64(statement, at, cell)
  if (cell instanceof Uint8Array) {
    return capi.sqlite3_bind_blob(statement, at, cell, cell.byteLength, capi.SQLITE_TRANSIENT)
  }
  return Number.isSafeInteger(cell)
    ? capi.sqlite3_bind_int64(statement, at, BigInt(cell))
    : capi.sqlite3_bind_double(statement, at, cell)
}

/** Names of the result; a second column of the same name is numbered, so that objects keep both. */
function columnNames({ capi }: Sqlite, statement: Pointer): string[] {
  const names: string[] = []
  for (let at = 0; at < capi.sqlite3_column_count(statement); at++) {
    const name = capi.sqlite3_column_name(statement, at)
    let unique = name
    for (let twin = 1; names.includes(unique); twin++) unique = `${name}:${twin}`
    names.push(unique)
  }
  return names
}

/** 64-bit integers are numbers when they are safe, bigints otherwise. */
function readCell({ capi }: Sqlite, statement: Pointer, at: number): Cell {
  switch (capi.sqlite3_column_type(statement, at)) {
    case capi.SQLITE_INTEGER: {
      const value = BigInt(capi.sqlite3_column_int64(statement, at))
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
    }
    case capi.SQLITE_FLOAT:
      return capi.sqlite3_column_double(statement, at)
    case capi.SQLITE_TEXT:
      return capi.sqlite3_column_text(statement, at)
    case capi.SQLITE_BLOB:
      return capi.sqlite3_column_js(statement, at) as Uint8Array // a copy
    default:
      return null
  }
}
