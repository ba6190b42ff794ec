/**
 * One table as an SQLite virtual table, inside the worker.
 *
 * Only plumbing: what to pass on is decided in `plan.ts`, rows come from a `RowSource`. No exception may cross into
 * SQLite; every method turns one into a result code and leaves the message where SQLite looks for it.
 * https://sqlite.org/vtab.html
 */
import { ConstraintError } from '../writer.ts'
import { bestIndex, type Note } from './best-index.ts'
import { declaration, declaredColumns } from './declaration.ts'
import type { TableShape } from './protocol.ts'
import { RowCursor, type RowSource } from './row-cursor.ts'
import type { ModuleMethods, Pointer, Sqlite } from './sqlite.ts'
import { changeOf, type RowSink } from './update.ts'
import { giveResult } from './values.ts'
import { wireConstraints } from './wire.ts'

/** Registers a module for the table and creates the table; its aliases are views, as in osquery. */
export function createTable(
  sqlite: Sqlite,
  db: Pointer,
  index: number,
  shape: TableShape,
  rows: RowSource & RowSink,
): void {
  const { capi, vtab } = sqlite
  // The module has a name of its own: under the table's it could replace one of SQLite's, as json_each.
  const name = `module_${index}`
  const module = vtab.setupModule({ methods: moduleMethods(sqlite, index, shape, rows) })
  const rc = capi.sqlite3_create_module(db, name, module, 0)
  if (rc !== capi.SQLITE_OK) throw new Error(`cannot register table ${shape.name}: result code ${rc}`)
  const create = (table: string, sql: string): void => {
    const created = capi.sqlite3_exec(db, sql, 0, 0, 0)
    if (created !== capi.SQLITE_OK) throw new Error(`cannot create table ${table}: ${capi.sqlite3_errmsg(db)}`)
  }
  create(shape.name, `CREATE VIRTUAL TABLE temp."${shape.name}" USING "${name}"`)
  for (const alias of shape.aliases) create(alias, `CREATE TEMP VIEW "${alias}" AS SELECT * FROM "${shape.name}"`)
}

function moduleMethods(sqlite: Sqlite, index: number, shape: TableShape, rows: RowSource & RowSink): ModuleMethods {
  const { capi, wasm, vtab } = sqlite
  const declared = declaredColumns(shape)
  const sql = declaration(shape, declared)
  const cursors = new Map<Pointer, RowCursor>()

  const connect = (db: Pointer, out: Pointer, outMessage: Pointer): number => {
    const rc = capi.sqlite3_declare_vtab(db, sql)
    if (rc === capi.SQLITE_OK) vtab.xVtab.create(out)
    else wasm.pokePtr(outMessage, wasm.allocCString(`${capi.sqlite3_errmsg(db)} in ${sql}`))
    return rc
  }
  const disconnect = (table: Pointer): number => {
    vtab.xVtab.dispose(table)
    return capi.SQLITE_OK
  }
  const guard = (table: Pointer, run: () => void): number => {
    try {
      run()
      return capi.SQLITE_OK
    } catch (error) {
      const struct = vtab.xVtab.get(table)
      if (struct?.$zErrMsg) capi.sqlite3_free(struct.$zErrMsg)
      if (struct) struct.$zErrMsg = wasm.allocCString(error instanceof Error ? error.message : String(error))
      return error instanceof ConstraintError ? capi.SQLITE_CONSTRAINT : capi.SQLITE_ERROR
    }
  }
  /** Guards a method of a cursor. The table is the first field of struct sqlite3_vtab_cursor. */
  const onCursor = (pointer: Pointer, run: (cursor: RowCursor) => void): number =>
    guard(wasm.peekPtr(pointer), () => {
      const cursor = cursors.get(pointer)
      if (!cursor) throw new Error('the cursor is not open')
      run(cursor)
    })

  return {
    // Two functions: were they one, the module would be a table by its own name as well.
    xCreate: (db: Pointer, _aux: Pointer, _argc: number, _argv: Pointer, out: Pointer, outMessage: Pointer) =>
      connect(db, out, outMessage),
    xConnect: (db: Pointer, _aux: Pointer, _argc: number, _argv: Pointer, out: Pointer, outMessage: Pointer) =>
      connect(db, out, outMessage),
    xDisconnect: disconnect,
    xDestroy: disconnect,
    xBestIndex: (table: Pointer, info: Pointer) => guard(table, () => bestIndex(sqlite, shape, declared, info)),
    xOpen: (_table: Pointer, out: Pointer) => {
      cursors.set(vtab.xCursor.create(out).pointer, new RowCursor(rows))
      return capi.SQLITE_OK
    },
    xClose: (pointer: Pointer) => {
      cursors.get(pointer)?.close()
      cursors.delete(pointer)
      vtab.xCursor.dispose(pointer)
      return capi.SQLITE_OK
    },
    xFilter: (pointer: Pointer, isSatisfied: number, json: Pointer, _argc: number, argv: Pointer) =>
      onCursor(pointer, (cursor) => {
        if (isSatisfied === 0) {
          throw new Error(`Table ${shape.name} was queried without a required column in the WHERE clause`)
        }
        const note = JSON.parse(wasm.cstrToJs(json) ?? '') as Note // written by bestIndex
        cursor.start(index, wireConstraints(sqlite, shape, declared, note.taken, argv), note.used)
      }),
    xNext: (pointer: Pointer) => onCursor(pointer, (cursor) => cursor.next()),
    xEof: (pointer: Pointer) => (cursors.get(pointer)?.row ? 0 : 1),
    xColumn: (pointer: Pointer, context: Pointer, column: number) =>
      onCursor(pointer, (cursor) => {
        const target = declared[column]?.target ?? -1
        giveResult(sqlite, context, shape.columns[target]?.type ?? 'BLOB', cursor.row?.cells[target] ?? null)
      }),
    xRowid: (pointer: Pointer, out: Pointer) => {
      vtab.xRowid(out, cursors.get(pointer)?.row?.rowid ?? 0n)
      return capi.SQLITE_OK
    },
    // A module without this is read only, and SQLite says so.
    ...(shape.isWritable && {
      xUpdate: (table: Pointer, argc: number, argv: Pointer, out: Pointer) =>
        guard(table, () => {
          const change = changeOf(sqlite, shape, argc, argv)
          const rowid = rows.write(index, change)
          if (change.kind === 'insert') vtab.xRowid(out, rowid)
        }),
    }),
  }
}
