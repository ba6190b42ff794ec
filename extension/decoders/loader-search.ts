/**
 * One pass over a file for everything the loader is known by: code, the name of the event, the key.
 *
 * Pieces are read one at a time, each once; whatever straddles two is found in the first. Memory is bounded by the
 * piece and the number of places kept, never by the file.
 */
import type { BoundedFile } from './bounded-file.ts'
import { hexText } from './bytes.ts'
import { findMarkerSearches, type MarkerSearch, markerSearchPatterns } from './loader-marker-search.ts'

/** What is searched of a file; the rest of the budget is for following calls. The library has less than 5 MiB. */
export const maxSearched = 40 << 20
/** Bytes in memory at a time, and how far two such pieces overlap: more than anything searched for is long. */
const chunk = 1 << 20
const overlap = 64
/** Occurrences shown of each; real builds have one. */
const maxShown = 8
/** UTF-16, as the loader has it. */
export const eventName = wide('AVMonitorRefreshEvent')
const keyText = '3jB(2bsG#@c7'
const keys = [
  { encoding: 'ascii', bytes: Buffer.from(keyText, 'latin1'), unit: 1 },
  { encoding: 'utf-16', bytes: wide(keyText), unit: 2 },
] as const

/** Byte strings of which one is in every file that has anything of this. */
export const loaderPatterns: readonly string[] = [
  hexText(eventName),
  ...keys.map(({ bytes }) => hexText(bytes)),
  ...markerSearchPatterns,
]

/** The key in a file. */
export interface KeyPlace {
  readonly offset: number
  readonly length: number
  readonly encoding: string
}

/** What was found where. */
export interface FoundInLoader {
  readonly searches: readonly MarkerSearch[]
  readonly events: readonly number[]
  readonly keys: readonly KeyPlace[]
  /** Bytes looked at, and whether there are more. */
  readonly searched: number
  readonly isCut: boolean
}

/** Searches a file, or as much of it as the budget allows. */
export async function searchLoader(file: BoundedFile): Promise<FoundInLoader> {
  const searches: MarkerSearch[] = []
  const events: number[] = []
  const places: KeyPlace[] = []
  const end = Math.min(file.size, maxSearched)
  let at = 0
  for (; at < end; at += chunk) {
    const start = Math.max(0, at - overlap)
    const data = await file.read(start, Math.min(at + chunk + overlap, file.size) - start)
    if (!data) break
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    const span = { from: at - start, to: at - start + chunk }
    const code = findMarkerSearches(data, span.from, span.to, maxShown - searches.length)
    searches.push(...code.map((one) => ({ ...one, offset: start + one.offset })))
    for (const place of occurrences(bytes, eventName, span, maxShown - events.length)) events.push(start + place)
    for (const { encoding, bytes: key, unit } of keys) {
      const known = places.filter((one) => one.encoding === encoding).length
      const found = occurrences(
        bytes,
        key,
        span,
        maxShown - known,
        (place) => !isQuoted(bytes, place, key.length, unit),
      )
      places.push(...found.map((place) => ({ offset: start + place, length: key.length, encoding })))
    }
  }
  const searched = Math.min(at, end)
  return { searches, events, keys: places, searched, isCut: searched < file.size }
}

/** Where some bytes begin within a span. */
export function occurrences(
  bytes: Buffer,
  wanted: Uint8Array,
  { from, to }: { readonly from: number; readonly to: number },
  most: number,
  isOne: (at: number) => boolean = () => true,
): number[] {
  const places: number[] = []
  for (let at = from - 1; places.length < most; ) {
    at = bytes.indexOf(wanted, at + 1)
    if (at < 0 || at >= to) break
    if (isOne(at)) places.push(at)
  }
  return places
}

/** Quotation marks, and the space. */
const textMarks = [0x22, 0x27, 0x60, 0x20]

/** Whether the same mark stands on both sides, as in text about the key; a compiler puts zeros or other data there. */
function isQuoted(bytes: Uint8Array, at: number, length: number, unit: number): boolean {
  const before = bytes[at - unit]
  return before !== undefined && before === bytes[at + length] && textMarks.includes(before)
}

function wide(text: string): Buffer {
  return Buffer.from(text, 'utf16le')
}
