/**
 * Entries of a systemd journal file of which a field holds one of the sought texts.
 *
 * One pass forward in blocks: fields lie before the entries that name them, so that a field that was found is known
 * when its entries come. A file that is written to meanwhile is read up to the object that was its last at the start.
 */
import type { Needles, SourceFile, SourceProblem, SourceReader } from '../source.ts'
import {
  dataText,
  entryOf,
  journalHeadBytes,
  journalHeader,
  objectHead,
  objectHeadBytes,
  objectTypes,
} from './journal-objects.ts'

/** One entry. */
export interface JournalEntry {
  readonly offset: number
  readonly seqnum: bigint
  /** Unix seconds, with the microseconds of the journal. */
  readonly time: number
  readonly fields: ReadonlyMap<string, string>
}

const blockBytes = 256 << 10
/** A field that is longer is looked at no further. */
const maxDataBytes = 4 << 20
/** Fields of an entry that are read. */
const maxFields = 128
/** Fields that hold a text, at most: a hostile file could be nothing else. */
const maxFound = 200_000
/** systemd pads objects to this. */
const alignment = 8

/** Reads a journal. Total over its bytes: damage is a problem, and ends it where the next object cannot be found. */
export async function* journalEntries(
  file: Pick<SourceFile, 'size'>,
  reader: SourceReader,
  needles: Needles,
  signal: AbortSignal,
): AsyncGenerator<JournalEntry | SourceProblem, void, undefined> {
  const header = journalHeader(Buffer.from(await reader.read(0, journalHeadBytes)))
  if ('problem' in header) return yield damaged(header.problem)
  const sought = new RegExp(needles.texts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'gi')
  const found = new Set<number>()
  const { isCompact } = header
  const end = Math.min(header.tail + 1, file.size)
  // packed fields hide from a search for bytes; the others need none where the file holds no needle
  const isPlainlyIn = await reader.mayHold()
  let at = header.headerBytes
  let isXz = false
  while (at < end) {
    signal.throwIfAborted()
    const block = Buffer.from(await reader.read(at, blockBytes))
    const hits = isPlainlyIn ? offsetsOf(block, sought) : []
    let place = 0
    while (at + place < end) {
      const head = objectHead(block, place)
      if (!head && place + objectHeadBytes <= block.length) {
        return yield damaged(`the object at byte ${at + place} cannot be one`)
      }
      if (!head || place + head.size > block.length) break
      const object = block.subarray(place, place + head.size)
      if (head.type === objectTypes.data && found.size < maxFound) {
        const isPacked = (head.flags & 7) !== 0
        if (isPacked ? isSought(object, head.flags, isCompact, needles) : hasHit(hits, place, place + head.size)) {
          found.add(at + place)
        }
        isXz ||= (head.flags & 1) !== 0
      } else if (head.type === objectTypes.entry) {
        const entry = entryOf(object, isCompact)
        if (entry?.items.some((item) => found.has(item))) {
          yield await entryAt(at + place, entry, reader, { isCompact, fileBytes: file.size })
        }
      }
      place += Math.ceil(head.size / alignment) * alignment
    }
    if (place === 0) {
      // an object that is larger than a block: a table, or a field that is looked at no further
      const head = objectHead(block, 0)
      if (!head || head.size > file.size) return yield damaged(`the object at byte ${at} cannot be one`)
      place = Math.ceil(head.size / alignment) * alignment
    }
    at += place
  }
  if (isXz) yield { problem: { code: 'unsupported', message: 'fields that are packed with xz were not read' } }
}

function damaged(message: string): SourceProblem {
  return { problem: { code: 'damaged', message } }
}

function offsetsOf(block: Buffer, sought: RegExp): number[] {
  const text = block.toString('latin1')
  return [...text.matchAll(sought)].map(({ index }) => index)
}

/** Whether one of some offsets in order lies in a range. */
function hasHit(hits: readonly number[], from: number, to: number): boolean {
  let low = 0
  let high = hits.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((hits[middle] ?? 0) < from) low = middle + 1
    else high = middle
  }
  return (hits[low] ?? Number.POSITIVE_INFINITY) < to
}

function isSought(object: Buffer, flags: number, isCompact: boolean, needles: Needles): boolean {
  const text = dataText(object, flags, isCompact)
  return text !== undefined && needles.mayHold(text)
}

async function entryAt(
  offset: number,
  { seqnum, realtime, items }: NonNullable<ReturnType<typeof entryOf>>,
  reader: SourceReader,
  { isCompact, fileBytes }: { readonly isCompact: boolean; readonly fileBytes: number },
): Promise<JournalEntry> {
  const fields = new Map<string, string>()
  for (const item of items.slice(0, maxFields)) {
    if (item >= fileBytes) continue
    const bytes = Buffer.from(await reader.read(item, 4096))
    const head = objectHead(bytes, 0)
    if (head?.type !== objectTypes.data || head.size > maxDataBytes) continue
    const object =
      head.size <= bytes.length ? bytes.subarray(0, head.size) : Buffer.from(await reader.read(item, head.size))
    const text = object.length === head.size ? dataText(object, head.flags, isCompact) : undefined
    const equals = text?.indexOf('=') ?? -1
    if (text !== undefined && equals > 0) fields.set(text.slice(0, equals), text.slice(equals + 1))
  }
  const source = Number(fields.get('_SOURCE_REALTIME_TIMESTAMP') ?? Number.NaN)
  return { offset, seqnum, time: (Number.isSafeInteger(source) && source > 0 ? source : realtime) / 1e6, fields }
}
