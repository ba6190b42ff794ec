/**
 * The bundled sets and places without checking them again: a start must be quick and small.
 *
 * Checking costs some 70 ms and, with the library that does it, half of an idle process's memory. What ships was
 * checked when `npm run docs` wrote iocs/checked.json: a digest for every file. Files that are byte for byte those are
 * taken as they are; one that differs, is missing or was added has all of them checked, with every problem told. This
 * is no seal against tampering: who can write one file can write the other.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { IndicatorSet } from '../domain/indicator.ts'
import { bundledDirectory } from './bundled.ts'
import { deepFreeze, frozenSet } from './frozen-set.ts'
import type { Place } from './places.ts'
import type { SetContent } from './set-text.ts'

/** What a hunt starts from. */
export interface BundledData {
  readonly sets: readonly IndicatorSet[]
  readonly places: readonly Place[]
}

/** Name of the list of digests, in the directory of the data. */
export const checkedFile = 'checked.json'
const placesFile = 'places.json'

/** The bundled data; checked now unless it was before. Throws `IndicatorsError`. */
export async function openBundledData(directory: string = bundledDirectory()): Promise<BundledData> {
  const known = readChecked(directory)
  if (known) return known
  const [{ loadIndicators }, { loadPlaces }] = await Promise.all([import('./load.ts'), import('./places.ts')])
  return { sets: loadIndicators(directory), places: loadPlaces(join(directory, placesFile)) }
}

/** The data, if every file is one that was checked, and none is missing. */
export function readChecked(directory: string): BundledData | undefined {
  try {
    const digests = JSON.parse(readFileSync(join(directory, checkedFile), 'utf8')) as Record<string, string>
    const names = dataFiles(directory)
    if (names.length !== Object.keys(digests).length) return undefined
    const values = names.map((name): unknown => {
      const bytes = readFileSync(join(directory, name))
      if (digestOf(bytes) !== digests[name]) throw new Error(`${name} was not checked`)
      return JSON.parse(bytes.toString())
    })
    const places = values[names.indexOf(placesFile)] as { places: readonly Place[] } // checked: so are the sets
    const sets = values.filter((_, at) => names[at] !== placesFile) as SetContent[]
    return { sets: sets.map(frozenSet), places: deepFreeze(places.places) }
  } catch {
    return undefined // whatever it is, the strict way tells it better
  }
}

/** The list for a directory, as text. Only for one whose data has just been checked. */
export function checkedText(directory: string = bundledDirectory()): string {
  const digests = dataFiles(directory).map((name) => [name, digestOf(readFileSync(join(directory, name)))])
  return `${JSON.stringify(Object.fromEntries(digests), undefined, 2)}\n`
}

/** Places and sets below a directory, sorted; what load.ts takes for sets. */
function dataFiles(directory: string): string[] {
  const folders = readdirSync(directory, { withFileTypes: true }).filter(
    (one) => one.isDirectory() && !one.name.startsWith('.'),
  )
  const sets = folders.flatMap(({ name: folder }) =>
    readdirSync(join(directory, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter((name) => name.endsWith('.json') && !/\/\./.test(name)),
  )
  return [...sets, placesFile].sort()
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
