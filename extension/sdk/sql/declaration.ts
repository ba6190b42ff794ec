/**
 * How a table is declared to SQLite: its columns, and behind them a hidden one for every alias of a column.
 */
import type { TableShape } from './protocol.ts'

/** A column of the declaration; `target` is the position of the column it reads. */
export interface DeclaredColumn {
  readonly name: string
  readonly target: number
  readonly isHidden: boolean
}

/** The table's own columns in order, then the aliases. */
export function declaredColumns(shape: TableShape): DeclaredColumn[] {
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

/**
 * The statement for `sqlite3_declare_vtab`. Names are quoted: they may be SQL keywords. HIDDEN is part of the type.
 *
 * SQLite loses a collation that is declared behind HIDDEN and then compares by that of the other side. So hidden
 * columns, aliases among them, carry none and compare binary.
 */
export function declaration(shape: TableShape, declared: readonly DeclaredColumn[]): string {
  const columns = declared.map(({ name, target, isHidden }) => {
    const column = shape.columns[target]
    const collation = column?.type === 'TEXT' && !isHidden ? ` COLLATE ${column.options.collate ?? 'binary'}` : ''
    return `"${name}" ${column?.type ?? ''}${isHidden ? ' HIDDEN' : ''}${collation}`
  })
  return `CREATE TABLE x(${columns.join(', ')})`
}

/** Positions a query reads, from SQLite's bit mask. Bit 63 stands for every column from 63 on. */
export function usedColumns(mask: bigint, declared: readonly DeclaredColumn[]): number[] {
  const bits = BigInt.asUintN(64, mask)
  const used = declared.flatMap(({ target }, at) => ((bits >> BigInt(Math.min(at, 63))) & 1n ? [target] : []))
  return [...new Set(used)]
}
