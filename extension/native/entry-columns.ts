/**
 * Entries of a walk without an object for each: most files of a large tree are asked two or three things and dropped.
 *
 * An engine that has its entries in columns hands them over so; entries that are objects anyway are wrapped by
 * `listed`. Indexes count from 0.
 */
import type { PathText } from '../domain/path-text.ts'
import type { WalkEntry } from './engine.ts'

/** Entries side by side. */
export interface EntryColumns {
  readonly length: number
  path(at: number): PathText
  size(at: number): number
  /** Indexes of the rules that selected it, ascending; a view that lasts. */
  rules(at: number): ArrayLike<number>
  /** By which the settled files of the walk know it. */
  ticket(at: number): number | undefined
  /** All there is of it, as an object. */
  entry(at: number): WalkEntry
}

/** Entries that are objects already. */
export function listed(entries: readonly WalkEntry[]): EntryColumns {
  const entry = (at: number): WalkEntry => {
    const one = entries[at]
    if (one === undefined) throw new RangeError(`there is no entry ${at} among ${entries.length}`)
    return one
  }
  return {
    length: entries.length,
    path: (at) => entry(at).path,
    size: (at) => entry(at).size,
    rules: (at) => entry(at).rules,
    ticket: (at) => entry(at).ticket,
    entry,
  }
}
