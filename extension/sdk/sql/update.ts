/**
 * `xUpdate`: what SQLite says about a row that is inserted, updated or deleted, as a change.
 *
 * osquery's rules hold: nothing is converted, so a value must have the storage class of its column, and NULL is refused
 * for columns that are just indexed, just required, or without options (`osquery/sql/virtual_table.cpp`,
 * serializeUpdateParameters). osquery only says "datatype mismatch"; here the column is named. As in osquery, conflict clauses (OR IGNORE, OR REPLACE)
 * do not apply: SQLite honours them only for tables that declare so.
 */
import { optionBits } from '../columns.ts'
import type { Change, ShapedColumn, TableShape } from './protocol.ts'
import type { Pointer, Sqlite } from './sqlite.ts'
import { readValue, storageClass } from './values.ts'

/** Where changes go. */
export interface RowSink {
  /** Makes the change and gives the id the row has then. */
  write(table: number, change: Change): bigint
}

/** The change in the arguments of `xUpdate`: old id, new id, then every declared column. */
export function changeOf(sqlite: Sqlite, shape: TableShape, argc: number, argv: Pointer): Change {
  const { capi, wasm } = sqlite
  const value = (at: number): Pointer => wasm.peekPtr(wasm.ptr.add(argv, at * wasm.ptr.size))
  const isNull = (at: number): boolean => capi.sqlite3_value_type(value(at)) === capi.SQLITE_NULL
  const id = (at: number): bigint => capi.sqlite3_value_int64(value(at))
  if (argc === 1) return { kind: 'delete', rowid: id(0) }
  for (let at = 2 + shape.columns.length; at < argc; at++) {
    if (!isNull(at)) throw new Error(`a column of table ${shape.name} was written by an alias; use its own name`)
  }
  const isInsert = isNull(0)
  if (isInsert ? !isNull(1) : isNull(1) || id(1) !== id(0)) {
    throw new Error(`the rowid of table ${shape.name} comes from the row's identity and cannot be set`)
  }
  const cells = shape.columns.map((column, at) => {
    checkClass(shape.name, column, storageClass(sqlite, value(at + 2)))
    return readValue(sqlite, value(at + 2))
  })
  return isInsert ? { kind: 'insert', cells } : { kind: 'update', rowid: id(0), cells }
}

function checkClass(table: string, { name, type, options }: ShapedColumn, given: string): void {
  if (given === 'NULL') {
    if (optionBits(options) > 2) return
    throw new Error(
      `datatype mismatch: column ${name} of table ${table} was given NULL, which osquery refuses for a column that is ` +
        'only indexed or has no options; write a value, or declare the column additional',
    )
  }
  if (given === wantedClass(type)) return
  throw new Error(`datatype mismatch: column ${name} of table ${table} takes ${wantedClass(type)}, not ${given}`)
}

function wantedClass(type: ShapedColumn['type']): string {
  if (type === 'DOUBLE') return 'REAL'
  return type === 'TEXT' || type === 'BLOB' ? type : 'INTEGER'
}
