/**
 * From the right sides of a WHERE clause to constraints as osquery writes them: text, whatever the type.
 *
 * What text cannot say without becoming stricter than the comparison is left out, which gives the table more rows and
 * SQLite more to check: blobs; a number that a TEXT column is compared with (SQLite may compare both as numbers, and
 * '05' equals 5 then); a double that does not survive its fifteen digits. osquery passes those on; here a table that
 * looks up `equals` exactly must stay right.
 */
import type { ColumnType } from '../columns.ts'
import { operators } from '../constraints.ts'
import type { DeclaredColumn } from './declaration.ts'
import type { Taken } from './plan.ts'
import type { TableShape, WireConstraint } from './protocol.ts'
import type { Pointer, Sqlite } from './sqlite.ts'

/** Constraints from the arguments of `xFilter`. */
export function wireConstraints(
  sqlite: Sqlite,
  shape: TableShape,
  declared: readonly DeclaredColumn[],
  taken: readonly Taken[],
  argv: Pointer,
): WireConstraint[] {
  const { wasm } = sqlite
  return taken.flatMap((one, argument) => {
    const target = declared[one.column]?.target ?? -1
    const type = shape.columns[target]?.type
    if (!type) return []
    const value = wasm.peekPtr(wasm.ptr.add(argv, argument * wasm.ptr.size))
    const exprs = one.takesList ? listExprs(sqlite, value, type) : singleExpr(sqlite, value, type, one.op)
    return exprs.map((expr): WireConstraint => [target, one.op, expr])
  })
}

/** NULLs and empty texts are dropped, as in osquery. */
function singleExpr(sqlite: Sqlite, value: Pointer, type: ColumnType, op: number): string[] {
  const expr = exprOf(sqlite, value, type, op)
  return expr === undefined || expr === '' ? [] : [expr]
}

/** A list is a union: all of its values are passed on, or none. NULLs equal nothing. */
function listExprs(sqlite: Sqlite, list: Pointer, type: ColumnType): string[] {
  const { capi, wasm } = sqlite
  const exprs: string[] = []
  const stack = wasm.pstack.pointer
  try {
    const item = wasm.pstack.allocPtr()
    let rc = capi.sqlite3_vtab_in_first(list, item)
    for (; rc === capi.SQLITE_OK && wasm.peekPtr(item); rc = capi.sqlite3_vtab_in_next(list, item)) {
      const value = wasm.peekPtr(item)
      if (capi.sqlite3_value_type(value) === capi.SQLITE_NULL) continue
      const expr = exprOf(sqlite, value, type, operators.equals)
      if (expr === undefined) return []
      exprs.push(expr)
    }
    if (rc !== capi.SQLITE_OK && rc !== capi.SQLITE_DONE) throw new Error(`cannot read an IN list: result code ${rc}`)
    return exprs
  } finally {
    wasm.pstack.restore(stack)
  }
}

function exprOf({ capi }: Sqlite, value: Pointer, type: ColumnType, op: number): string | undefined {
  const valueType = capi.sqlite3_value_type(value)
  if (valueType === capi.SQLITE_NULL || valueType === capi.SQLITE_BLOB) return undefined
  if (valueType === capi.SQLITE_TEXT) return capi.sqlite3_value_text(value) ?? ''
  if (type === 'TEXT' && op === operators.equals) return undefined
  const number = valueType === capi.SQLITE_FLOAT ? capi.sqlite3_value_double(value) : undefined
  const text = capi.sqlite3_value_text(value) ?? ''
  return number === undefined || Number(text) === number ? text : undefined
}
