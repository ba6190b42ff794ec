/**
 * How large the benchmark's trees and logs are.
 *
 * `THREECX_BENCH_SHRINK=10` divides them, to try a change of the benchmark itself in a minute: such a run says so, keeps
 * its trees apart and its results out of the repository.
 */

/** By what sizes are divided; 1 unless told. */
export const shrink = Number(process.env['THREECX_BENCH_SHRINK'] ?? 1)
if (!Number.isInteger(shrink) || shrink < 1 || shrink > 10) {
  throw new Error(
    `THREECX_BENCH_SHRINK is "${process.env['THREECX_BENCH_SHRINK']}"; expected a whole number from 1 to 10.`,
  )
}

/** Files of a tree, lines of a log. */
export const sizes = {
  largeFiles: Math.ceil(40 / shrink),
  smallFiles: Math.ceil(100_000 / shrink),
  manyFiles: Math.ceil(1_000_000 / shrink),
  logLines: Math.ceil(15_000_000 / shrink),
} as const

/** Of a large number, its groups of three digits parted by commas. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
