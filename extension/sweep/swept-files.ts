/**
 * Files of one pull of a sweep: asked about in place, made into objects when they mean something.
 *
 * Of a million files nearly all are dropped for the name, the size and the digest they have. What that takes is read off
 * the engine's columns and records here; a `SweptFile` is for those that are judged.
 */
import type { DigestAlgorithm } from '../domain/observable.ts'
import { recordDigests, recordHead } from '../native/digest-record.ts'
import type { WalkEntry } from '../native/engine.ts'
import type { EntryColumns } from '../native/entry-columns.ts'

/** One file that was selected, and its digests where any were asked for and the head allowed them. */
export interface SweptFile {
  readonly entry: WalkEntry
  readonly head: Uint8Array
  readonly digests: Readonly<Partial<Record<DigestAlgorithm, string>>>
  /** Whether head and digests are known, from the file or from the cache: it was to be opened, and could be. */
  readonly isRead: boolean
  /** Version of the examination that saw nothing in this state of the file. */
  readonly plainFor?: number
}

/** One file, not made into an object of its own: where its entry is, and what is known of its bytes. */
export interface FileSlot {
  readonly columns: EntryColumns
  /** Index into `columns`. */
  readonly at: number
  /** What was read (native/digest-record.ts); undefined: it was not to be opened, or could not be. */
  readonly record: Buffer | undefined
  readonly plainFor?: number | undefined
}

/** Files of one pull. */
export class SweptFiles implements Iterable<SweptFile> {
  readonly slots: readonly FileSlot[]

  constructor(slots: readonly FileSlot[]) {
    this.slots = slots
  }

  get length(): number {
    return this.slots.length
  }

  *[Symbol.iterator](): Generator<SweptFile, void, undefined> {
    for (const slot of this.slots) yield sweptFile(slot)
  }
}

const nothingRead = { head: new Uint8Array(), digests: {}, isRead: false }

/** The object of a file. Its head is a view of the record. */
export function sweptFile({ columns, at, record, plainFor }: FileSlot): SweptFile {
  const entry = columns.entry(at)
  if (record === undefined) return { entry, ...nothingRead }
  const read = { entry, head: recordHead(record), digests: recordDigests(record), isRead: true }
  return plainFor === undefined ? read : { ...read, plainFor }
}
