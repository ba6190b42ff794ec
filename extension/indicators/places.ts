/**
 * Places: where the 3CX Desktop App, what it downloads and what came after it live on a disk.
 *
 * A place is data: a pattern below the root of a volume or image, for every user. A sweep digests everything in the
 * places, so they are narrow by nature; finding a renamed copy elsewhere is the full sweep's work, not theirs.
 */
import type { Platform } from '../domain/platform.ts'
import { bundledFile } from './bundled.ts'
import { readDataFile } from './data-file.ts'
import { fileAt, type SourceFile } from './files.ts'
import { IndicatorsError } from './problems.ts'
import { placesDocument } from './schema.ts'

/** One place. */
export interface Place {
  readonly id: string
  readonly platform: Platform
  /** Pattern of domain/glob.ts, below the root of a volume. */
  readonly pattern: string
  readonly what: string
  readonly component: string
}

/** The places of iocs/places.json, or of another file of that shape. Throws `IndicatorsError`. */
export function loadPlaces(path?: string): readonly Place[] {
  return placesOf(path === undefined ? bundledFile('places.json') : fileAt(path))
}

/** The places of one file. Throws `IndicatorsError`. */
export function placesOf(file: SourceFile): readonly Place[] {
  return distinctPlaces(file, readDataFile(file, placesDocument).places)
}

/** The same places, frozen; two with one id are refused. */
export function distinctPlaces<T extends { readonly id: string }>(
  file: SourceFile,
  places: readonly T[],
): readonly T[] {
  const ids = new Map<string, number>()
  const problems = places.flatMap((place, at) => {
    const first = ids.get(place.id)
    ids.set(place.id, first ?? at)
    if (first === undefined) return []
    return [
      { file: file.name, place: `places[${at}].id`, message: `id ${place.id} is already used by places[${first}]` },
    ]
  })
  if (problems.length > 0) throw new IndicatorsError(problems)
  return Object.freeze(places.map((place) => Object.freeze(place)))
}
