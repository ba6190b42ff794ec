/**
 * The part of the SQLite WebAssembly interface that is used here, with the types it has at run time.
 *
 * The package's own declarations name struct members without the `$` they carry and know neither the pointer helpers
 * nor the optional arguments, so this states what is called, once, and `openSqlite` is the only place that casts.
 * https://sqlite.org/wasm/doc/trunk/api-c-style.md
 */
import sqlite3InitModule from '@sqlite.org/sqlite-wasm'

/** An address in WebAssembly memory; 0 is NULL. */
export type Pointer = number

/** A C struct seen from JavaScript. */
export interface Struct {
  readonly pointer: Pointer
  dispose(): void
}

/** struct sqlite3_vtab. */
export interface VtabStruct extends Struct {
  $zErrMsg: Pointer
}

/** struct sqlite3_index_info. */
export interface IndexInfo extends Struct {
  readonly $nConstraint: number
  readonly $colUsed: bigint
  $idxNum: number
  $idxStr: Pointer
  $needToFreeIdxStr: number
  $estimatedCost: number
  $estimatedRows: bigint
  nthConstraint(
    at: number,
  ): (Struct & { readonly $iColumn: number; readonly $op: number; readonly $usable: number }) | false
  nthConstraintUsage(at: number): (Struct & { $argvIndex: number; $omit: number }) | false
}

/** Methods of a virtual table module, as C calls them. */
export type ModuleMethods = Readonly<Record<string, (...args: never[]) => number>>

/** The C functions. */
export interface Capi {
  readonly SQLITE_OK: number
  readonly SQLITE_ERROR: number
  readonly SQLITE_CONSTRAINT: number
  readonly SQLITE_UTF8: number
  readonly SQLITE_ROW: number
  readonly SQLITE_DONE: number
  readonly SQLITE_AUTH: number
  readonly SQLITE_DENY: number
  readonly SQLITE_SELECT: number
  readonly SQLITE_READ: number
  readonly SQLITE_INSERT: number
  readonly SQLITE_UPDATE: number
  readonly SQLITE_DELETE: number
  readonly SQLITE_FUNCTION: number
  readonly SQLITE_RECURSIVE: number
  readonly SQLITE_PRAGMA: number
  readonly SQLITE_LIMIT_LENGTH: number
  readonly SQLITE_LIMIT_SQL_LENGTH: number
  readonly SQLITE_LIMIT_ATTACHED: number
  readonly SQLITE_NULL: number
  readonly SQLITE_INTEGER: number
  readonly SQLITE_FLOAT: number
  readonly SQLITE_TEXT: number
  readonly SQLITE_BLOB: number
  readonly SQLITE_OPEN_READWRITE: number
  readonly SQLITE_OPEN_MEMORY: number
  readonly SQLITE_INTERRUPT: number
  readonly SQLITE_DESERIALIZE_READONLY: number
  readonly SQLITE_DBCONFIG_DEFENSIVE: number
  readonly SQLITE_DBCONFIG_ENABLE_VIEW: number
  readonly SQLITE_DBCONFIG_ENABLE_TRIGGER: number
  readonly SQLITE_DBCONFIG_TRUSTED_SCHEMA: number
  /** Destructor: SQLite takes the memory over and frees it. */
  readonly SQLITE_WASM_DEALLOC: number
  sqlite3_free(pointer: Pointer): void
  /** A function of any number of arguments, for -1; what `run` throws is the statement's error. */
  sqlite3_create_function(
    db: Pointer,
    name: string,
    argumentCount: number,
    encoding: number,
    data: 0,
    run: (...args: never[]) => null,
    step: 0,
    final: 0,
  ): number
  sqlite3_open_v2(name: string, out: Pointer, flags: number, vfs: 0): number
  sqlite3_close_v2(db: Pointer): number
  /** Options whose arguments are a switch and a place for the answer. */
  sqlite3_db_config(db: Pointer, option: number, value: 0 | 1, out: 0): number
  /** The database becomes these bytes, which stay the caller's unless a flag says otherwise. */
  sqlite3_deserialize(db: Pointer, schema: 'main', bytes: Pointer, size: number, room: number, flags: number): number
  sqlite3_errmsg(db: Pointer): string
  sqlite3_exec(db: Pointer, sql: string, callback: 0, data: 0, message: 0): number
  sqlite3_limit(db: Pointer, limit: number, value: number): number
  sqlite3_create_module(db: Pointer, name: string, module: Struct, data: Pointer): number
  sqlite3_declare_vtab(db: Pointer, sql: string): number
  sqlite3_vtab_in(info: Pointer, at: number, handle: number): number
  sqlite3_vtab_in_first(value: Pointer, out: Pointer): number
  sqlite3_vtab_in_next(value: Pointer, out: Pointer): number
  sqlite3_vtab_collation(info: Pointer, at: number): string | null
  sqlite3_value_type(value: Pointer): number
  sqlite3_value_text(value: Pointer): string | null
  sqlite3_value_double(value: Pointer): number
  sqlite3_value_int64(value: Pointer): bigint
  sqlite3_value_blob(value: Pointer): Pointer
  sqlite3_value_bytes(value: Pointer): number
  sqlite3_result_null(context: Pointer): void
  sqlite3_result_text(context: Pointer, text: Pointer, length: number, destructor: number): void
  sqlite3_result_blob(context: Pointer, bytes: Pointer, length: number, destructor: number): void
  sqlite3_result_double(context: Pointer, value: number): void
  sqlite3_result_int64(context: Pointer, value: bigint): void
  sqlite3_prepare_v3(db: Pointer, sql: Pointer, length: number, flags: 0, out: Pointer, tail: Pointer): number
  sqlite3_finalize(statement: Pointer): number
  sqlite3_step(statement: Pointer): number
  sqlite3_bind_parameter_count(statement: Pointer): number
  sqlite3_bind_null(statement: Pointer, at: number): void
  sqlite3_bind_text(statement: Pointer, at: number, text: Pointer, length: number, destructor: number): number
  sqlite3_bind_int64(statement: Pointer, at: number, value: bigint): number
  sqlite3_bind_double(statement: Pointer, at: number, value: number): number
  sqlite3_bind_blob(statement: Pointer, at: number, bytes: Pointer, length: number, destructor: number): number
  sqlite3_column_count(statement: Pointer): number
  sqlite3_column_name(statement: Pointer, at: number): string
  /** As declared; null for an expression. */
  sqlite3_column_decltype(statement: Pointer, at: number): string | null
  sqlite3_column_type(statement: Pointer, at: number): number
  sqlite3_column_int64(statement: Pointer, at: number): bigint | number
  sqlite3_column_double(statement: Pointer, at: number): number
  /** Whole, also with a NUL inside. */
  sqlite3_column_text(statement: Pointer, at: number): string | null
  sqlite3_column_js(statement: Pointer, at: number): unknown
  sqlite3_progress_handler(db: Pointer, steps: number, handler: () => number, data: Pointer): void
  sqlite3_create_collation_v2(
    db: Pointer,
    name: string,
    encoding: number,
    data: Pointer,
    compare: (data: Pointer, leftLength: number, left: Pointer, rightLength: number, right: Pointer) => number,
    destroy: 0,
  ): number
  sqlite3_set_authorizer(
    db: Pointer,
    handler: (
      data: Pointer,
      action: number,
      first: string | number,
      second: string | number,
      database: string | number,
    ) => number,
    data: Pointer,
  ): number
}

/** What WebAssembly itself offers: numbers in and out. */
export interface RawFunctions {
  sqlite3_step(statement: Pointer): number
  sqlite3_column_type(statement: Pointer, at: number): number
  sqlite3_column_int64(statement: Pointer, at: number): bigint
  sqlite3_column_double(statement: Pointer, at: number): number
  sqlite3_column_blob(statement: Pointer, at: number): Pointer
  /** In UTF-8, whatever the database has. */
  sqlite3_column_text(statement: Pointer, at: number): Pointer
  /** After reading it as text or bytes, which may convert. */
  sqlite3_column_bytes(statement: Pointer, at: number): number
}

/** Memory of the WebAssembly instance. */
export interface Memory {
  readonly ptr: { readonly size: number; add(pointer: Pointer, bytes: number): Pointer }
  readonly pstack: { readonly pointer: Pointer; allocPtr(): Pointer; restore(pointer: Pointer): void }
  /** The same functions without conversion of what goes in and out, for loops over many rows. */
  readonly exports: RawFunctions
  /** Throws when there is not that much memory. */
  alloc(bytes: number): Pointer
  dealloc(pointer: Pointer): void
  allocCString(text: string): Pointer
  allocCString(text: string, withLength: true): [pointer: Pointer, length: number]
  /** A copy; of one byte at least, so that it is never NULL. */
  allocFromTypedArray(bytes: Uint8Array): Pointer
  cstrToJs(pointer: Pointer): string | null
  /** The memory as it is now; it moves when it grows. */
  heap8u(): Uint8Array
  peekPtr(at: Pointer): Pointer
  pokePtr(at: Pointer, value: Pointer): void
  scopedAllocPush(): unknown
  scopedAllocPop(scope: unknown): void
  scopedAllocCString(text: string, withLength: true): [pointer: Pointer, length: number]
  scopedAllocPtr(): Pointer
}

/** Helpers for virtual tables. */
export interface VtabHelpers {
  readonly xVtab: StructMap<VtabStruct>
  readonly xCursor: StructMap<Struct>
  xIndexInfo(pointer: Pointer): IndexInfo
  xRowid(out: Pointer, value: bigint): void
  setupModule(options: { readonly methods: ModuleMethods }): Struct
}

/** Structs that live as long as SQLite's pointer to them. */
export interface StructMap<S extends Struct> {
  create(out: Pointer): S
  get(pointer: Pointer): S | undefined
  dispose(pointer: Pointer): void
}

/** SQLite. */
export interface Sqlite {
  readonly capi: Capi
  readonly wasm: Memory
  readonly vtab: VtabHelpers
}

/** The declared type has no arguments; Emscripten takes the module's bytes. */
const init = sqlite3InitModule as (options: { wasmBinary?: Uint8Array }) => ReturnType<typeof sqlite3InitModule>

/** Where the WebAssembly module comes from; absent: the file beside the package's own code. */
let wasmBytes: (() => Uint8Array) | undefined

/** Says where the WebAssembly module comes from, for this thread; for bundles, which have no file beside them. */
export function loadSqliteFrom(bytes: () => Uint8Array): void {
  wasmBytes = bytes
}

/** Loads SQLite and opens an in-memory database; the pointer stays valid until the thread ends. */
export async function openSqlite(): Promise<{ sqlite: Sqlite; db: Pointer }> {
  const loaded = await init(wasmBytes === undefined ? {} : { wasmBinary: wasmBytes() })
  const { pointer } = new loaded.oo1.DB(':memory:', 'c')
  if (!pointer) throw new Error('the embedded database did not open')
  return { sqlite: loaded as unknown as Sqlite, db: Number(pointer) }
}
