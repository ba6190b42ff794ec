/**
 * Times of records as columns have them.
 */

/** Whole unix seconds; NULL for none. */
export function seconds(time: number | undefined): number | null {
  return time === undefined ? null : Math.floor(time)
}
