/**
 * `xBestIndex`: offers out of SQLite's struct, the plan back into it, and a note for `xFilter`.
 */
import { type DeclaredColumn, usedColumns } from './declaration.ts'
import { type Offer, planIndex, type Taken } from './plan.ts'
import type { TableShape } from './protocol.ts'
import type { IndexInfo, Pointer, Sqlite } from './sqlite.ts'

/** What is kept between planning and running, as JSON. */
export interface Note {
  readonly taken: readonly Taken[]
  /** Positions of the columns the query reads. */
  readonly used: readonly number[]
}

/** Fills in the struct sqlite3_index_info. The index number is 1 when required columns are satisfied, else 0. */
export function bestIndex(
  sqlite: Sqlite,
  shape: TableShape,
  declared: readonly DeclaredColumn[],
  pointer: Pointer,
): void {
  const { capi, wasm, vtab } = sqlite
  const info = vtab.xIndexInfo(pointer)
  try {
    const columns = declared.map(({ target }) => shape.columns[target] ?? { type: 'BLOB' as const, options: {} })
    const plan = planIndex(columns, offersOf(sqlite, info, pointer))
    for (const [argument, taken] of plan.taken.entries()) {
      if (taken.takesList) capi.sqlite3_vtab_in(pointer, taken.offer, 1)
      const usage = info.nthConstraintUsage(taken.offer)
      if (!usage) throw new Error(`SQLite has no constraint ${taken.offer}`)
      usage.$argvIndex = argument + 1
      usage.$omit = 0 // SQLite checks every row again
      usage.dispose()
    }
    const note: Note = { taken: plan.taken, used: usedColumns(info.$colUsed, declared) }
    info.$idxNum = plan.isSatisfied ? 1 : 0
    info.$idxStr = wasm.allocCString(JSON.stringify(note))
    info.$needToFreeIdxStr = 1
    info.$estimatedCost = plan.cost
    info.$estimatedRows = plan.taken.length > 0 ? 10n : 100_000n
  } finally {
    info.dispose()
  }
}

function offersOf({ capi }: Sqlite, info: IndexInfo, pointer: Pointer): Offer[] {
  return Array.from({ length: info.$nConstraint }, (_, at) => {
    const one = info.nthConstraint(at)
    if (!one) throw new Error(`SQLite has no constraint ${at}`)
    const isUsable = one.$usable !== 0
    const offer = {
      column: one.$iColumn,
      op: one.$op,
      isUsable,
      isList: isUsable && capi.sqlite3_vtab_in(pointer, at, -1) !== 0,
      collation: (capi.sqlite3_vtab_collation(pointer, at) ?? 'binary').toLowerCase(),
    }
    one.dispose()
    return offer
  })
}
