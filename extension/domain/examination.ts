/**
 * An examination: everything the decoders say of one file.
 */
import type { Payload } from './payload.ts'
import type { Trait } from './trait.ts'

/** What was seen in a file; all empty for nearly every file there is. */
export interface Examination {
  readonly traits: readonly Trait[]
  readonly payloads: readonly Payload[]
  /** Why something that looked like a known format could not be read to its end, one sentence each. */
  readonly refusals: readonly string[]
}

/** Nothing seen. */
export const nothingSeen: Examination = Object.freeze({ traits: [], payloads: [], refusals: [] })

/** Several examinations of one file as one. */
export function joined(all: readonly Examination[]): Examination {
  const some = all.filter((one) => one.traits.length + one.payloads.length + one.refusals.length > 0)
  const [only] = some
  if (only === undefined) return nothingSeen
  if (some.length === 1) return only
  return {
    traits: some.flatMap((one) => one.traits),
    payloads: some.flatMap((one) => one.payloads),
    refusals: some.flatMap((one) => one.refusals),
  }
}
