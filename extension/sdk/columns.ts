/**
 * Columns: one call declares type, documentation and options, and types the rows of the table.
 *
 * The six types and the option bits are osquery's (`osquery/core/sql/column.h`). A description is a required
 * argument, because a column nobody explains is a column nobody can use.
 */

/** osquery's column types. */
export const columnTypes = ['TEXT', 'INTEGER', 'BIGINT', 'UNSIGNED BIGINT', 'DOUBLE', 'BLOB'] as const

/** Name of a type. */
export type ColumnType = (typeof columnTypes)[number]

/** A value of any column. */
export type Cell = string | number | bigint | Uint8Array | null

/** What a table may put into a cell of each type. INTEGER is 32 bit wide: use BIGINT for sizes, times and ids. */
export interface CellTypes {
  TEXT: string | null
  INTEGER: number | null
  BIGINT: number | bigint | null
  'UNSIGNED BIGINT': number | bigint | null
  DOUBLE: number | null
  BLOB: Uint8Array | null
}

/** Collations a column can carry; the last four are osquery's own. */
export type Collation = 'binary' | 'nocase' | 'rtrim' | 'version' | 'version_arch' | 'version_dpkg' | 'version_rhel'

/** Options of a column. Without any, osquery treats a column as indexed. */
export interface ColumnOptions {
  /** The table answers faster when it is constrained. */
  readonly index?: boolean
  /** The table cannot answer without a constraint on it. */
  readonly required?: boolean
  /** A constraint changes which rows there are. */
  readonly additional?: boolean
  /** `IN (...)` arrives in one call; only with one of the three above. */
  readonly optimized?: boolean
  /** Left out of `SELECT *`. */
  readonly hidden?: boolean
  readonly collate?: Collation
  /** Other names of the column. */
  readonly aliases?: readonly string[]
}

/** One column. */
export interface Column<T extends ColumnType = ColumnType> {
  readonly type: T
  readonly description: string
  readonly options: ColumnOptions
}

/** Columns by name, in order. */
export type Columns = Readonly<Record<string, Column>>

/** A row as a table yields it: any column may be left out. */
export type Row<C extends Columns> = { readonly [Name in keyof C]?: CellTypes[C[Name]['type']] }

/** A whole row, as a writable table is given it: every column is there, and TEXT is never NULL. */
export type StoredRow<C extends Columns> = {
  readonly [Name in keyof C]: C[Name]['type'] extends 'TEXT' ? string : CellTypes[C[Name]['type']]
}

function builder<T extends ColumnType>(type: T) {
  return (description: string, options: ColumnOptions = {}): Column<T> => ({ type, description, options })
}

/** Text, UTF-8. NULL reads as '' in osquery, and here. */
export const text = builder('TEXT')
/** Signed 32-bit integer. */
export const integer = builder('INTEGER')
/** Signed 64-bit integer. */
export const bigint = builder('BIGINT')
/** Unsigned 64-bit integer; SQLite holds values below 2^63, larger ones read as NULL. */
export const unsignedBigint = builder('UNSIGNED BIGINT')
/** Double-precision number; NaN reads as NULL. */
export const double = builder('DOUBLE')
/** Bytes. */
export const blob = builder('BLOB')

const collationBits: Readonly<Record<Collation, number>> = {
  binary: 32,
  nocase: 64,
  rtrim: 128,
  version: 256,
  version_arch: 512,
  version_dpkg: 1024,
  version_rhel: 2048,
}

/** The option bits osquery reads from a route; above 255 with a version collation. */
export function optionBits(options: ColumnOptions): number {
  return (
    (options.index ? 1 : 0) |
    (options.required ? 2 : 0) |
    (options.additional ? 4 : 0) |
    (options.optimized ? 8 : 0) |
    (options.hidden ? 16 : 0) |
    (options.collate ? collationBits[options.collate] : 0)
  )
}
