/**
 * The loader in the trojanised `ffmpeg.dll`: the code that seeks the carrier's marker, the name of its event,
 * the campaign's key, and the way from the entry point to it.
 *
 * Each is a trait of its own, because builds may lack any of them. The whole file is searched, not its sections, so
 * that damaged headers hide nothing. Text that quotes the key, as rules, reports and this program do, is no key.
 * References: OALabs, Sophos, signature-base (2023).
 */
import type { Examination } from '../domain/examination.ts'
import type { Trait } from '../domain/trait.ts'
import type { BoundedFile } from './bounded-file.ts'
import type { MarkerSearch } from './loader-marker-search.ts'
import { findRedirection, rvaOf } from './loader-redirection.ts'
import { eventName, occurrences, searchLoader } from './loader-search.ts'
import { readPe } from './pe.ts'
import { isRefusal } from './refusal.ts'

/** Published: name of the event and name of the carrier lie within 200 bytes. */
const nearby = 200

const carrier = Buffer.from('d3dcompiler_', 'utf16le')

/** The traits of a file; undefined when it has none. */
export async function readLoader(file: BoundedFile): Promise<Examination | undefined> {
  const found = await searchLoader(file)
  const { searches, events } = found
  const traits: Trait[] = [
    ...searches.map(({ offset, length, form, code }): Trait => {
      return { name: 'loader_marker_search', offset, length, fields: { form, code } }
    }),
    ...(await Promise.all(events.map((offset) => eventTrait(file, offset)))),
    ...found.keys.map(({ offset, length, encoding }): Trait => {
      return { name: 'loader_key', offset, length, fields: { encoding } }
    }),
    ...(await redirectionTraits(file, searches, events)),
  ]
  const refusals = found.isCut
    ? [`the file of ${file.size} bytes was searched for the loader up to ${found.searched} bytes`]
    : []
  return traits.length + refusals.length > 0 ? ({ traits, payloads: [], refusals } satisfies Examination) : undefined
}

async function eventTrait(file: BoundedFile, offset: number): Promise<Trait> {
  const from = Math.max(0, offset - nearby)
  const around = await file.read(from, Math.min(file.size, offset + nearby + carrier.length) - from)
  const places = around ? occurrences(Buffer.from(around), carrier, { from: 0, to: around.length }, nearby) : []
  const distances = places.map((place) => Math.abs(from + place - offset)).sort((a, b) => a - b)
  const [distance] = distances
  return {
    name: 'loader_event_name',
    offset,
    length: eventName.length,
    ...(distance !== undefined && { fields: { distance } }),
  }
}

async function redirectionTraits(
  file: BoundedFile,
  searches: readonly MarkerSearch[],
  events: readonly number[],
): Promise<Trait[]> {
  if (searches.length + events.length === 0) return []
  const image = await readPe(file)
  if (isRefusal(image)) return []
  const data = events.map((offset) => rvaOf(image, offset)).filter((rva) => rva !== undefined)
  const found = await findRedirection(file, image, { code: searches.map((one) => one.offset), data })
  if (!found) return []
  const [entry = '', ...steps] = found.path.map((rva) => `0x${rva.toString(16)}`)
  const to = found.kind === 'code' ? 'marker search' : 'event name'
  const fields = { entry, path: [entry, ...steps].join(' > '), to }
  return [{ name: 'loader_entry_redirection', offset: found.offset, fields }]
}
