/**
 * Decoder of the X_TRADER dropper: its marker, and the program it hides behind it.
 *
 * Four bytes happen by chance once in 4 GB of files, so the marker alone says nothing: a program must open behind it,
 * or the key must be in the same file, where it also shows through wherever zeros lie under it. The dropper's code
 * holds the marker too; the data follows another occurrence.
 */
import type { Examination } from '../domain/examination.ts'
import type { Payload } from '../domain/payload.ts'
import type { Fields, Trait } from '../domain/trait.ts'
import type { BoundedFile } from './bounded-file.ts'
import { hexText } from './bytes.ts'
import { defineDecoder } from './decoder.ts'
import {
  type Candidate,
  candidates,
  type DropperPayload,
  dropperKey,
  dropperMarker,
  headLength,
  openCandidate,
} from './dropper-payload.ts'

/** What is searched of a file, and what is read of programs found; together with headers less than the budget. */
export const maxSearched = 32 << 20
export const maxRead = 12 << 20
/** Bytes in memory at a time; pieces overlap by what must be seen at once. */
const chunk = 1 << 20
const overlap = dropperMarker.length + headLength
/** Places where headers are read; by chance there is none. */
export const maxTried = 256
/** Programs shown; the dropper has a handful. */
const maxShown = 8

export const dropper = defineDecoder({
  name: 'dropper',
  description: 'The X_TRADER dropper: its marker with its key, and the program hidden behind it.',
  wants: ({ kind }) => kind === 'pe',
  files: [{ pattern: '**/X_TRADER_*.exe' }],
  patterns: [hexText(dropperMarker)],
  decode: async (file) => {
    const { marker, key, found, searched } = await search(file)
    if (marker === undefined) return undefined
    const payloads = await openAll(file, found.slice(0, maxTried))
    const refusals = [
      ...(searched < file.size ? [`the file of ${file.size} bytes was searched up to ${searched} bytes`] : []),
      ...(found.length > maxTried
        ? [`more than ${maxTried} places may hold a program; the others were not tried`]
        : []),
      ...payloads.filter((one) => one.sha256 === undefined).map(unread),
    ].map((problem) => `X_TRADER dropper: ${problem}`)
    if (payloads.length > 0)
      return { traits: payloads.map(payloadTrait), payloads: payloads.flatMap(payloadOf), refusals }
    const traits = key === undefined ? [] : [markerTrait(marker, key)]
    return traits.length + refusals.length > 0 ? ({ traits, payloads: [], refusals } satisfies Examination) : undefined
  },
})

/** What was found where. */
interface Found {
  /** The first of each. */
  readonly marker?: number
  readonly key?: number
  /** One more than are tried tells that there are more. */
  readonly found: readonly Candidate[]
  readonly searched: number
}

async function search(file: BoundedFile): Promise<Found> {
  const found: Candidate[] = []
  let marker: number | undefined
  let key: number | undefined
  const end = Math.min(file.size, maxSearched)
  let at = 0
  for (; at < end; at += chunk) {
    const data = await file.read(at, Math.min(chunk + overlap, file.size - at))
    if (!data) break
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    const keyAt = key === undefined ? bytes.indexOf(dropperKey) : -1
    if (keyAt >= 0) key = at + keyAt
    for (let place = bytes.indexOf(dropperMarker); place >= 0 && place < chunk; ) {
      marker ??= at + place
      const behind = place + dropperMarker.length
      if (found.length <= maxTried) found.push(...candidates(data, behind, at + behind))
      place = bytes.indexOf(dropperMarker, behind)
    }
  }
  const searched = Math.min(at, end)
  return { ...(marker !== undefined && { marker }), ...(key !== undefined && { key }), found, searched }
}

async function openAll(file: BoundedFile, found: readonly Candidate[]): Promise<DropperPayload[]> {
  const payloads: DropperPayload[] = []
  let left = maxRead
  for (const candidate of found) {
    if (payloads.length === maxShown) break
    const one = await openCandidate(file, candidate, left)
    if (!one) continue
    if (one.sha256 !== undefined) left -= one.length
    payloads.push(one)
  }
  return payloads
}

function fieldsOf({ form, image, isTruncated }: DropperPayload): Fields {
  const { machine, timestamp, isDll } = image
  const key = hexText(dropperKey)
  return { key, form, library: isDll, machine, timestamp, ...(isTruncated && { truncated: true }) }
}

function payloadTrait(payload: DropperPayload): Trait {
  const { offset, length } = payload
  return { name: 'dropper_payload', offset, length, fields: fieldsOf(payload) }
}

function payloadOf(payload: DropperPayload): Payload[] {
  const { offset, length, sha256 } = payload
  if (sha256 === undefined) return []
  return [{ kind: 'dropper_payload', offset, length, sha256, urls: [], fields: fieldsOf(payload), parts: [] }]
}

function markerTrait(marker: number, key: number): Trait {
  return { name: 'dropper_marker', offset: marker, length: dropperMarker.length, fields: { key_offset: key } }
}

function unread({ offset, length }: DropperPayload): string {
  return `the program of ${length} bytes at ${offset} has no digest; at most ${maxRead} bytes are read`
}
