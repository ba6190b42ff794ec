/**
 * From lower bounds of times in a query to the time from which records are wanted.
 */

/** The part of a query context that is needed here. */
interface RangeContext<Name extends string> {
  range(column: Name): { readonly from: number | bigint | undefined }
}

/**
 * The latest of the lower bounds of some columns, unix seconds; undefined without one. None of the columns may be later than
 * the last record that a row stands for.
 */
export function sinceOf<Name extends string>(
  context: RangeContext<Name>,
  columns: readonly Name[],
): number | undefined {
  const bounds = columns.flatMap((column) => {
    const { from } = context.range(column)
    return from === undefined ? [] : [Number(from)]
  })
  return bounds.length === 0 ? undefined : Math.max(...bounds)
}
