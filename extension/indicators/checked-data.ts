/**
 * The bundled sets and places without checking them again: a start must be quick and small.
 *
 * Checking costs some 70 ms and, with the library that does it, half of an idle process's memory. What ships was
 * checked when `npm run docs` wrote iocs/checked.json: a digest for every file. Files that are byte for byte those are
 * taken as they are; one that differs, is missing or was added has all of them checked, with every problem told. This
 * is no seal against tampering: who can write one file can write the other.
 */
import { createHash } from 'node:crypto'
import type { IndicatorSet } from '../domain/indicator.ts'
import type { InstallPlace } from '../domain/install-place.ts'
import type { SourcePlace } from '../domain/source-place.ts'
import { bundledFolder } from './bundled.ts'
import type { Folder } from './files.ts'
import { deepFreeze, frozenSet } from './frozen-set.ts'
import type { Place } from './places.ts'
import type { SetContent } from './set-text.ts'

/** What a hunt starts from. */
export interface BundledData {
  readonly sets: readonly IndicatorSet[]
  readonly places: readonly Place[]
  readonly installPlaces: readonly InstallPlace[]
  readonly sourcePlaces: readonly SourcePlace[]
}

/** Name of the list of digests, in the directory of the data. */
export const checkedFile = 'checked.json'
const placesFile = 'places.json'
const installsFile = 'installs.json'
const sourcesFile = 'sources.json'

/** The bundled data; checked now unless it was before. Throws `IndicatorsError`. */
export async function openBundledData(folder: Folder = bundledFolder): Promise<BundledData> {
  const known = readChecked(folder)
  if (known) return known
  const [{ loadFolder }, { placesOf }, { loadInstallPlaces }, { loadSourcePlaces }] = await Promise.all([
    import('./load.ts'),
    import('./places.ts'),
    import('./install-places.ts'),
    import('./source-places.ts'),
  ])
  return {
    sets: loadFolder(folder),
    places: placesOf(folder.file(placesFile)),
    installPlaces: loadInstallPlaces(folder.file(installsFile)),
    sourcePlaces: loadSourcePlaces(folder.file(sourcesFile)),
  }
}

/** The data, if every file is one that was checked, and none is missing. */
export function readChecked(folder: Folder): BundledData | undefined {
  try {
    const digests = JSON.parse(textOf(bytesOf(folder, checkedFile))) as Record<string, string>
    const names = dataFiles(folder)
    if (names.length !== Object.keys(digests).length) return undefined
    const values = names.map((name): unknown => {
      const bytes = bytesOf(folder, name)
      if (digestOf(bytes) !== digests[name]) throw new Error(`${name} was not checked`)
      return JSON.parse(textOf(bytes))
    })
    // Checked, so they are what they should be.
    const { places } = values[names.indexOf(placesFile)] as { places: readonly Place[] }
    const { places: installPlaces } = values[names.indexOf(installsFile)] as { places: readonly InstallPlace[] }
    const { places: sourcePlaces } = values[names.indexOf(sourcesFile)] as { places: readonly SourcePlace[] }
    const sets = values.filter((_, at) => names[at]?.includes('/')) as SetContent[]
    return {
      sets: sets.map(frozenSet),
      places: deepFreeze(places),
      installPlaces: deepFreeze(installPlaces),
      sourcePlaces: deepFreeze(sourcePlaces),
    }
  } catch {
    return undefined // whatever it is, the strict way tells it better
  }
}

/** The list for a folder, as text. Only for one whose data has just been checked. */
export function checkedText(folder: Folder = bundledFolder): string {
  const digests = dataFiles(folder).map((name) => [name, digestOf(bytesOf(folder, name))])
  return `${JSON.stringify(Object.fromEntries(digests), undefined, 2)}\n`
}

/** Places of all kinds and sets, sorted; what load.ts takes for sets. */
function dataFiles(folder: Folder): string[] {
  const sets = folder.files().filter((name) => name.includes('/') && name.endsWith('.json') && !/(^|\/)\./.test(name))
  return [...sets, placesFile, installsFile, sourcesFile].sort()
}

function bytesOf(folder: Folder, name: string): Uint8Array {
  const read = folder.file(name).read()
  if ('problem' in read) throw new Error(`${name}: ${read.problem}`)
  return read.bytes
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
