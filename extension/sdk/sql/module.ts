/**
 * One table as an SQLite virtual table, inside the worker.
 *
 * Only plumbing: what to pass on is decided in `plan.ts`, rows come from a `RowSource`. No exception may cross into
 * SQLite; every method turns one into a result code and leaves the message where SQLite looks for it.
 */
import type { Cell } from '../columns.ts'
import type { BoundRow } from '../table.ts'
import { type Offer, planIndex, sqliteCollation, type Taken } from './plan.ts'
import type { TableShape, WireConstraint } from './protocol.ts'
import type { Pointer, Sqlite } from './sqlite.ts'

/** Where rows come from: opens a call of the table, gives batches until the last, closes early. */
export interface RowSource {
  open(table: number, constraints: readonly WireConstraint[], used: readonly number[]): number
  pull(cursor: number): { readonly rows: readonly BoundRow[]; readonly isLast: boolean }
  close(cursor: number): void
}

interface Cursor {
  id: number | undefined
  rows: readonly BoundRow[]
  at: number
  isLast: boolean
}

/** A hidden column for every alias stands behind the real ones; `target` is the column it reads. */
interface DeclaredColumn {
  readonly name: string
  readonly target: number
  readonly isHidden: boolean
}

/** Registers a module for the table and creates the table under its name and aliases. */
export function createTable(sqlite: Sqlite, db: Pointer, index: number, shape: TableShape, source: RowSource): void {
  const { capi, wasm, vtab } = sqlite
  const declared = declaredColumns(shape)
  const planned = declared.map(({ target }) => shape.columns[target] ?? { type: 'BLOB' as const, options: {} })
  const cursors = new Map<Pointer, Cursor>()

  const fail = (table: Pointer, error: unknown): number => {
    const struct = vtab.xVtab.get(table)
    const message = error instanceof Error ? error.message : String(error)
    if (struct?.$zErrMsg) capi.sqlite3_free(struct.$zErrMsg)
    if (struct) struct.$zErrMsg = wasm.allocCString(message)
    return capi.SQLITE_ERROR
  }
  /** The table of a cursor: first field of the struct sqlite3_vtab_cursor. */
  const tableOf = (cursor: Pointer): Pointer => wasm.peekPtr(cursor)
  const cursorOf = (pointer: Pointer): Cursor => {
    const cursor = cursors.get(pointer)
    if (!cursor) throw new Error('cursor is not open')
    return cursor
  }
  const release = (cursor: Cursor): void => {
    if (cursor.id !== undefined) source.close(cursor.id)
    cursor.id = undefined
  }
  const refill = (cursor: Cursor): void => {
    while (cursor.id !== undefined && cursor.at >= cursor.rows.length && !cursor.isLast) {
      const { rows, isLast } = source.pull(cursor.id)
      cursor.rows = rows
      cursor.at = 0
      cursor.isLast = isLast
    }
    if (cursor.isLast && cursor.at >= cursor.rows.length) release(cursor)
  }

  const connect = (pDb: Pointer, _aux: Pointer, _argc: number, _argv: Pointer, ppVtab: Pointer): number => {
    const rc = capi.sqlite3_declare_vtab(pDb, declaration(shape, declared))
    if (rc === 0) vtab.xVtab.create(ppVtab)
    return rc
  }
  const disconnect = (pVtab: Pointer): number => {
    vtab.xVtab.dispose(pVtab)
    return 0
  }

  const module = vtab.setupModule({
    methods: {
      xCreate: connect,
      xConnect: connect,
      xDisconnect: disconnect,
      xDestroy: disconnect,
      xBestIndex: (pVtab: Pointer, pInfo: Pointer): number => {
        const info = vtab.xIndexInfo(pInfo)
        try {
          const offers: Offer[] = []
          for (let at = 0; at < info.$nConstraint; at++) {
            const one = info.nthConstraint(at)
            if (!one) continue
            offers.push({
              column: one.$iColumn,
              op: one.$op,
              isUsable: one.$usable !== 0,
              isList: one.$usable !== 0 && capi.sqlite3_vtab_in(pInfo, at, -1) !== 0,
              collation: (capi.sqlite3_vtab_collation(pInfo, at) ?? 'binary').toLowerCase(),
            })
            one.dispose()
          }
          const plan = planIndex(planned, offers)
          for (const [argument, taken] of plan.taken.entries()) {
            if (taken.takesList) capi.sqlite3_vtab_in(pInfo, taken.offer, 1)
            const usage = info.nthConstraintUsage(taken.offer)
            if (!usage) continue
            usage.$argvIndex = argument + 1
            usage.$omit = 0
            usage.dispose()
          }
          info.$idxNum = plan.isSatisfied ? 1 : 0
          info.$idxStr = wasm.allocCString(
            JSON.stringify({ taken: plan.taken, used: usedColumns(info.$colUsed, declared) }),
          )
          info.$needToFreeIdxStr = 1
          info.$estimatedCost = plan.cost
          info.$estimatedRows = BigInt(plan.taken.length > 0 ? 10 : 100_000)
          return 0
        } catch (error) {
          return fail(pVtab, error)
        } finally {
          info.dispose()
        }
      },
      xOpen: (_pVtab: Pointer, ppCursor: Pointer): number => {
        const struct = vtab.xCursor.create(ppCursor)
        cursors.set(struct.pointer, { id: undefined, rows: [], at: 0, isLast: true })
        return 0
      },
      xClose: (pCursor: Pointer): number => {
        const cursor = cursors.get(pCursor)
        cursors.delete(pCursor)
        if (cursor) release(cursor)
        vtab.xCursor.dispose(pCursor)
        return 0
      },
      xFilter: (pCursor: Pointer, idxNum: number, idxStr: Pointer, argc: number, argv: Pointer): number => {
        const pVtab = tableOf(pCursor)
        try {
          if (idxNum === 0) {
            throw new Error(`Table ${shape.name} was queried without a required column in the WHERE clause`)
          }
          const cursor = cursorOf(pCursor)
          release(cursor)
          const { taken, used } = JSON.parse(wasm.cstrToJs(idxStr) ?? '{}') as { taken: Taken[]; used: number[] } // ours
          const constraints = wireConstraints(sqlite, taken, argc, argv, declared)
          cursor.id = source.open(index, constraints, used)
          cursor.rows = []
          cursor.at = 0
          cursor.isLast = false
          refill(cursor)
          return 0
        } catch (error) {
          return fail(pVtab, error)
        }
      },
      xNext: (pCursor: Pointer): number => {
        try {
          const cursor = cursorOf(pCursor)
          cursor.at++
          refill(cursor)
          return 0
        } catch (error) {
          return fail(tableOf(pCursor), error)
        }
      },
      xEof: (pCursor: Pointer): number => {
        const cursor = cursors.get(pCursor)
        return cursor && cursor.at < cursor.rows.length ? 0 : 1
      },
      xColumn: (pCursor: Pointer, pContext: Pointer, column: number): number => {
        try {
          const cursor = cursorOf(pCursor)
          const target = declared[column]?.target ?? -1
          giveResult(sqlite, pContext, shape.columns[target]?.type, cursor.rows[cursor.at]?.cells[target] ?? null)
          return 0
        } catch (error) {
          return fail(tableOf(pCursor), error)
        }
      },
      xRowid: (pCursor: Pointer, ppRowid: Pointer): number => {
        const cursor = cursors.get(pCursor)
        vtab.xRowid(ppRowid, cursor?.rows[cursor.at]?.rowid ?? 0n)
        return 0
      },
    },
  })
  const rc = capi.sqlite3_create_module(db, shape.name, module, 0)
  if (rc !== 0) throw new Error(`cannot register table ${shape.name}: result code ${rc}`)
  for (const name of [shape.name, ...shape.aliases]) {
    const created = capi.sqlite3_exec(db, `CREATE VIRTUAL TABLE temp."${name}" USING "${shape.name}"`, 0, 0, 0)
    if (created !== 0) throw new Error(`cannot create table ${name}: ${capi.sqlite3_errmsg(db)}`)
  }
}

function declaredColumns(shape: TableShape): DeclaredColumn[] {
  const own = shape.columns.map((column, target) => ({
    name: column.name,
    target,
    isHidden: column.options.hidden === true,
  }))
  const aliases = shape.columns.flatMap((column, target) =>
    (column.options.aliases ?? []).map((name) => ({ name, target, isHidden: true })),
  )
  return [...own, ...aliases]
}

function declaration(shape: TableShape, declared: readonly DeclaredColumn[]): string {
  const columns = declared.map(({ name, target, isHidden }) => {
    const column = shape.columns[target]
    const collation = column?.type === 'TEXT' ? ` COLLATE ${sqliteCollation(column.options)}` : ''
    return `"${name}" ${column?.type ?? ''}${collation}${isHidden ? ' HIDDEN' : ''}`
  })
  return `CREATE TABLE x(${columns.join(', ')})`
}

/** Bit 63 stands for every column from 63 on. */
function usedColumns(mask: bigint, declared: readonly DeclaredColumn[]): number[] {
  const bits = BigInt.asUintN(64, mask)
  const used = declared.flatMap(({ target }, at) => ((bits >> BigInt(Math.min(at, 63))) & 1n ? [target] : []))
  return [...new Set(used)]
}

/** Values as text, as osquery passes them; NULLs and empty texts are left out, which makes a superset. */
function wireConstraints(
  sqlite: Sqlite,
  taken: readonly Taken[],
  argc: number,
  argv: Pointer,
  declared: readonly DeclaredColumn[],
): WireConstraint[] {
  const { capi, wasm } = sqlite
  const constraints: WireConstraint[] = []
  const add = (one: Taken, value: Pointer, keepsEmpty: boolean) => {
    if (capi.sqlite3_value_type(value) === capi.SQLITE_NULL) return
    const text = capi.sqlite3_value_text(value) ?? ''
    const target = declared[one.column]?.target
    if (target !== undefined && (text !== '' || keepsEmpty)) constraints.push([target, one.op, text])
  }
  for (const [argument, one] of taken.entries()) {
    if (argument >= argc) break
    const value = wasm.peekPtr(wasm.ptr.add(argv, argument * wasm.ptr.size))
    if (!one.takesList) {
      add(one, value, false)
      continue
    }
    const stack = wasm.pstack.pointer
    try {
      const item = wasm.pstack.allocPtr()
      let rc = capi.sqlite3_vtab_in_first(value, item)
      for (; rc === 0 && wasm.peekPtr(item); rc = capi.sqlite3_vtab_in_next(value, item)) {
        add(one, wasm.peekPtr(item), true)
      }
    } finally {
      wasm.pstack.restore(stack)
    }
  }
  return constraints
}

function giveResult(sqlite: Sqlite, context: Pointer, type: string | undefined, cell: Cell): void {
  const { capi } = sqlite
  if (cell === null) capi.sqlite3_result_null(context)
  else if (typeof cell === 'string') capi.sqlite3_result_text(context, cell, -1, capi.SQLITE_TRANSIENT)
  else if (cell instanceof Uint8Array) capi.sqlite3_result_blob(context, cell, cell.byteLength, capi.SQLITE_TRANSIENT)
  else if (type === 'DOUBLE') capi.sqlite3_result_double(context, Number(cell))
  else capi.sqlite3_result_int64(context, BigInt(cell))
}
