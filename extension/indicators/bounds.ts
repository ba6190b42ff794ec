/**
 * How large indicator data may be.
 *
 * Apart from its shape (schema.ts), because whoever reads a file needs these alone, and the library that checks shapes
 * costs a start as much as everything else of it.
 */

/** What a data file may hold. A file beyond these is refused before it is understood. */
export const bounds = {
  /** The largest public set seen is below 2 MiB; half a million digests in our own layout are 100 MiB. */
  fileBytes: 128 << 20,
  indicators: 500_000,
  value: 4096,
  component: 200,
  note: 1000,
} as const
