/**
 * Values on their way into SQLite and out of it. Texts carry their length, so a NUL inside does not end them.
 */
import { type AnswerMeter, cellText } from '../answer-limits.ts'
import type { Cell, ColumnType } from '../columns.ts'
import { doubleText } from '../double-text.ts'
import type { Pointer, Sqlite } from './sqlite.ts'

/** Gives the value of a table's column to SQLite. */
export function giveResult({ capi, wasm }: Sqlite, context: Pointer, type: ColumnType, cell: Cell): void {
  if (cell === null) capi.sqlite3_result_null(context)
  else if (typeof cell === 'string') {
    const [text, length] = wasm.allocCString(cell, true)
    capi.sqlite3_result_text(context, text, length, capi.SQLITE_WASM_DEALLOC)
  } else if (cell instanceof Uint8Array) {
    const bytes = wasm.allocFromTypedArray(cell)
    capi.sqlite3_result_blob(context, bytes, cell.byteLength, capi.SQLITE_WASM_DEALLOC)
  } else if (type === 'DOUBLE') capi.sqlite3_result_double(context, Number(cell))
  else capi.sqlite3_result_int64(context, BigInt(cell))
}

/** Binds a parameter, counted from 1; returns a result code. Whole numbers are integers. */
export function bindCell({ capi, wasm }: Sqlite, statement: Pointer, at: number, cell: Cell): number {
  if (cell === null) {
    capi.sqlite3_bind_null(statement, at) // gives no result code, unlike the others
    return capi.SQLITE_OK
  }
  if (typeof cell === 'string') {
    const [text, length] = wasm.allocCString(cell, true)
    return capi.sqlite3_bind_text(statement, at, text, length, capi.SQLITE_WASM_DEALLOC)
  }
  if (typeof cell === 'bigint') return capi.sqlite3_bind_int64(statement, at, cell)
  if (cell instanceof Uint8Array) {
    const bytes = wasm.allocFromTypedArray(cell)
    return capi.sqlite3_bind_blob(statement, at, bytes, cell.byteLength, capi.SQLITE_WASM_DEALLOC)
  }
  return Number.isSafeInteger(cell)
    ? capi.sqlite3_bind_int64(statement, at, BigInt(cell))
    : capi.sqlite3_bind_double(statement, at, cell)
}

/** Reads a column of the current row. 64-bit integers are numbers when they are safe, bigints otherwise. */
export function readCell({ capi }: Sqlite, statement: Pointer, at: number): Cell {
  switch (capi.sqlite3_column_type(statement, at)) {
    case capi.SQLITE_INTEGER:
      return integerCell(BigInt(capi.sqlite3_column_int64(statement, at)))
    case capi.SQLITE_FLOAT:
      return capi.sqlite3_column_double(statement, at)
    case capi.SQLITE_TEXT:
      return capi.sqlite3_column_text(statement, at)
    case capi.SQLITE_BLOB:
      return (capi.sqlite3_column_js(statement, at) as Uint8Array | null) ?? new Uint8Array() // a copy; null when empty
    default:
      return null
  }
}

/** Reads a value SQLite hands to a function or a table; same numbers as above, texts with whatever NUL is in them. */
export function readValue({ capi, wasm }: Sqlite, value: Pointer): Cell {
  const bytes = (): Uint8Array => {
    const start = capi.sqlite3_value_blob(value) // before the length: SQLite may convert
    return wasm.heap8u().slice(start, start + capi.sqlite3_value_bytes(value))
  }
  switch (capi.sqlite3_value_type(value)) {
    case capi.SQLITE_INTEGER:
      return integerCell(capi.sqlite3_value_int64(value))
    case capi.SQLITE_FLOAT:
      return capi.sqlite3_value_double(value)
    case capi.SQLITE_TEXT:
      return utf8.decode(bytes())
    case capi.SQLITE_BLOB:
      return bytes()
    default:
      return null
  }
}

/** SQL's name for the storage class of a value. */
export function storageClass({ capi }: Sqlite, value: Pointer): 'INTEGER' | 'REAL' | 'TEXT' | 'BLOB' | 'NULL' {
  switch (capi.sqlite3_value_type(value)) {
    case capi.SQLITE_INTEGER:
      return 'INTEGER'
    case capi.SQLITE_FLOAT:
      return 'REAL'
    case capi.SQLITE_TEXT:
      return 'TEXT'
    case capi.SQLITE_BLOB:
      return 'BLOB'
    default:
      return 'NULL'
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

function integerCell(value: bigint): Cell {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}

/** Reads a column of the current row as osquery gives it: NULL is empty, a text ends at its first NUL. */
export function readText({ capi }: Sqlite, statement: Pointer, at: number): string {
  if (capi.sqlite3_column_type(statement, at) === capi.SQLITE_FLOAT) {
    return doubleText(capi.sqlite3_column_double(statement, at))
  }
  const text = capi.sqlite3_column_text(statement, at) ?? ''
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

/** The same within limits: of a long text only as much is taken out of SQLite's memory as is kept. */
export function readTextWithin(sqlite: Sqlite, statement: Pointer, at: number, meter: AnswerMeter): string {
  const { capi, wasm } = sqlite
  if (capi.sqlite3_column_type(statement, at) === capi.SQLITE_FLOAT) {
    const text = doubleText(capi.sqlite3_column_double(statement, at))
    meter.cell(text.length)
    return text
  }
  const start = wasm.exports.sqlite3_column_text(statement, at) // before the length: SQLite may convert
  if (start === 0) return ''
  const end = start + wasm.exports.sqlite3_column_bytes(statement, at)
  const heap = wasm.heap8u()
  const nul = heap.subarray(start, end).indexOf(0)
  const length = nul < 0 ? end - start : nul
  return cellText(Buffer.from(heap.buffer, heap.byteOffset + start, meter.cell(length)), length)
}
