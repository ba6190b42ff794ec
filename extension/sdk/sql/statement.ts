/**
 * Runs one statement and hands its rows over in batches.
 */
import { AnswerMeter } from '../answer-limits.ts'
import type { Cell } from '../columns.ts'
import { rowsPerBatch, type ToWorker } from './protocol.ts'
import type { Pointer, Sqlite } from './sqlite.ts'
import { bindCell, readCell, readText, readTextWithin } from './values.ts'

/** Where an answer goes: the names once, then rows. */
export interface ResultWriter {
  columns(columns: readonly { readonly name: string; readonly type: string | null }[]): void
  rows(rows: readonly (readonly Cell[])[]): void
}

/**
 * Prepares, binds, steps. Exactly one statement is accepted; it is finalized whatever happens. Says what limits left
 * out; the statement is not stepped beyond them.
 */
export function runStatement(sqlite: Sqlite, db: Pointer, message: ToWorker, writer: ResultWriter): string | undefined {
  const { capi } = sqlite
  const statement = prepareOne(sqlite, db, message.sql)
  try {
    const columns = columnNames(sqlite, statement)
    writer.columns(columns.map((name, at) => ({ name, type: sqlite.capi.sqlite3_column_decltype(statement, at) })))
    if (message.describe) return undefined
    bindAll(sqlite, db, statement, message.params)
    const meter = message.limits && new AnswerMeter(message.limits)
    const read = meter
      ? (at: number) => readTextWithin(sqlite, statement, at, meter)
      : (at: number) => (message.asText ? readText : readCell)(sqlite, statement, at)
    let rows: Cell[][] = []
    for (;;) {
      const rc = capi.sqlite3_step(statement)
      if (rc === capi.SQLITE_DONE) break
      if (rc !== capi.SQLITE_ROW) throw failure(sqlite, db, rc)
      if (meter?.beginRow() === false) break
      const row = columns.map((_, at) => read(at))
      if (meter?.endRow() === false) break
      rows.push(row)
      if (rows.length >= rowsPerBatch) {
        writer.rows(rows)
        rows = []
      }
    }
    if (rows.length > 0) writer.rows(rows)
    return meter?.cut
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
      if (rc !== capi.SQLITE_OK) throw failure(sqlite, db, rc)
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
  const wanted = sqlite.capi.sqlite3_bind_parameter_count(statement)
  if (wanted !== params.length) throw new Error(`the statement has ${wanted} parameters, ${params.length} were given`)
  for (const [at, cell] of params.entries()) {
    const rc = bindCell(sqlite, statement, at + 1, cell)
    if (rc !== sqlite.capi.SQLITE_OK) throw failure(sqlite, db, rc)
  }
}

function failure({ capi }: Sqlite, db: Pointer, rc: number): Error {
  const message = capi.sqlite3_errmsg(db)
  return new Error(
    rc === capi.SQLITE_AUTH ? `only statements that read or change rows of tables are run here: ${message}` : message,
  )
}

/** Names of the result; a second column of the same name is numbered, so that objects keep both. */
function columnNames({ capi }: Sqlite, statement: Pointer): string[] {
  const names = new Set<string>()
  for (let at = 0; at < capi.sqlite3_column_count(statement); at++) {
    const name = capi.sqlite3_column_name(statement, at)
    let unique = name
    for (let twin = 1; names.has(unique); twin++) unique = `${name}:${twin}`
    names.add(unique)
  }
  return [...names]
}
