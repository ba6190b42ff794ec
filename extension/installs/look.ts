/**
 * Where installs are looked for on a volume.
 *
 * On a live host the places are narrow and the walk takes milliseconds; in an image every directory is looked at, so
 * that an app that somebody moved is found as well.
 */
import type { InstallPlace } from '../domain/install-place.ts'
import { findPlacedFiles, type PlacedFile, type PlacedFiles, type PlacedParts } from '../sweep/placed-files.ts'
import type { Volume } from '../sweep/volume.ts'

/** A file that shows an install. */
export type InstallFile = PlacedFile<InstallPlace>

/** What a look is taken with. */
export interface LookParts extends PlacedParts {
  readonly installPlaces: readonly InstallPlace[]
}

/** What a look saw. */
export type Look = PlacedFiles<InstallPlace>

/** Walks the places of a volume; of several that a file is in, the first says the most. */
export function lookAt(parts: LookParts, volume: Volume, signal: AbortSignal): Promise<Look> {
  const places = parts.installPlaces.filter(
    (place) => (volume.platform === undefined || place.platform === volume.platform) && isDue(place, volume),
  )
  return findPlacedFiles(parts, volume, places, signal)
}

function isDue(place: InstallPlace, volume: Volume): boolean {
  // A running Windows holds its hives locked; osquery tells what is in them.
  if (!volume.isImage && place.platform === 'windows' && isHive(place)) return false
  return volume.isImage || place.imagesOnly !== true
}

/** Whether the file of a place is a registry hive. */
export function isHive({ source }: InstallPlace): boolean {
  return source === 'uninstall_entry' || source === 'amcache'
}
