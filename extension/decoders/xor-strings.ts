/**
 * Texts under a one-byte XOR key, whichever key it is.
 *
 * The exclusive-or of two neighbouring bytes does not depend on the key, so one linear pass over a file finds a known
 * text under all 256 keys at once; key 0 is plain text. What is found is a place and a key; xor-text.ts then reads the
 * whole text there. Nothing here knows what the texts mean.
 */
import type { BoundedFile } from './bounded-file.ts'

/** A text to look for: at least three ASCII characters, of which the first three are not all alike. */
export interface Marker {
  readonly name: string
  readonly text: string
  /** Under which keys it counts: 0 (plain), any other (encoded), or both. */
  readonly when: 'plain' | 'encoded' | 'either'
  /** Whether it must be a whole name, such as a function's, and not a part of a longer one. */
  readonly isWholeName?: boolean
}

/** A marker found. */
export interface MarkerHit {
  readonly marker: Marker
  readonly key: number
  /** In the file. */
  readonly offset: number
}

/** What a search saw. */
export interface MarkerSearch {
  readonly hits: readonly MarkerHit[]
  /** False when the budget of the file ended before the range did. */
  readonly isComplete: boolean
}

/** Read at once; the memory of a search. */
const chunkLength = 1 << 20
/** Bytes beside a marker that decide whether it is a whole name. */
const nameMargin = 8
/**
 * Kept of one marker under one key. The loader has fifteen addresses; a flood of copies of one text under one key
 * leaves room for all others.
 */
const maxHitsOfOne = 32

/** Finds markers that begin in `length` bytes at `offset`. */
export async function findMarkers(
  file: BoundedFile,
  offset: number,
  length: number,
  markers: readonly Marker[],
): Promise<MarkerSearch> {
  const table = differenceTable(markers)
  const margin = Math.max(0, ...markers.map(({ text }) => text.length)) + nameMargin
  const end = offset + length
  const hits: MarkerHit[] = []
  const counts = new Map<string, number>()
  for (let at = offset; at < end; at += chunkLength) {
    const low = Math.max(offset, at - margin)
    const data = await file.read(low, Math.min(end, at + chunkLength + margin) - low)
    if (!data) return { hits, isComplete: false }
    searchChunk(data, table, (marker, place, key) => {
      const where = low + place
      if (where < at || where >= at + chunkLength) return
      const kind = `${marker.name} ${marker.text} ${key}`
      const count = counts.get(kind) ?? 0
      counts.set(kind, count + 1)
      if (count < maxHitsOfOne) hits.push({ marker, key, offset: where })
    })
  }
  return { hits, isComplete: true }
}

/** Why a search was not complete. */
export function searchEnded(size: number): string {
  return `a search of ${size} bytes ended early: they are more than may be read, or the file became shorter`
}

/** Markers by their first two differences, and which pairs of differences begin any. */
interface DifferenceTable {
  readonly isStart: Uint8Array
  readonly byStart: ReadonlyMap<number, readonly Marker[]>
}

function differenceTable(markers: readonly Marker[]): DifferenceTable {
  const isStart = new Uint8Array(1 << 16)
  const byStart = new Map<number, Marker[]>()
  for (const marker of markers) {
    const [a = 0, b = 0, c = 0] = Buffer.from(marker.text, 'latin1')
    const start = ((a ^ b) << 8) | (b ^ c)
    isStart[start] = 1
    byStart.set(start, [...(byStart.get(start) ?? []), marker])
  }
  return { isStart, byStart }
}

function searchChunk(
  data: Uint8Array,
  { isStart, byStart }: DifferenceTable,
  found: (marker: Marker, at: number, key: number) => void,
): void {
  let second = data[1] ?? 0
  let difference = (data[0] ?? 0) ^ second
  for (let i = 2; i < data.length; i++) {
    const third = data[i] ?? 0
    const next = second ^ third
    const start = (difference << 8) | next
    if (isStart[start] === 1) {
      for (const marker of byStart.get(start) ?? []) {
        const key = keyOf(data, i - 2, marker)
        if (key !== undefined) found(marker, i - 2, key)
      }
    }
    second = third
    difference = next
  }
}

/** The key under which the marker stands at `at`; undefined when it does not, or when that key does not count. */
function keyOf(data: Uint8Array, at: number, marker: Marker): number | undefined {
  const { text, when } = marker
  if (at + text.length > data.length) return undefined
  const key = (data[at] ?? 0) ^ text.charCodeAt(0)
  if (when !== 'either' && (key === 0) !== (when === 'plain')) return undefined
  for (let i = 1; i < text.length; i++) if (((data[at + i] ?? 0) ^ key) !== text.charCodeAt(i)) return undefined
  return marker.isWholeName && !isWholeName(data, at, text.length, key) ? undefined : key
}

/** A name by itself, with the underscore of the C compiler, or with its length before it as C++ writes it. */
function isWholeName(data: Uint8Array, at: number, length: number, key: number): boolean {
  const from = Math.max(0, at - nameMargin)
  const before = Array.from(data.subarray(from, at), (byte) => String.fromCharCode(byte ^ key)).join('')
  if (new RegExp(`Z${length}$`).test(before)) return true
  const after = data[at + length]
  return !/[A-Za-z0-9][_$]*$/.test(before) && (after === undefined || !/\w/.test(String.fromCharCode(after ^ key)))
}
