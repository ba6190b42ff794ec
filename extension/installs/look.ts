/**
 * A look at the places of installs: one walk over a volume, by names alone. Nothing is opened here.
 *
 * On a live host the places are narrow and the walk takes milliseconds; in an image every directory is looked at, so
 * that an app that somebody moved is found as well.
 */
import { glob, matchesGlob } from '../domain/glob.ts'
import type { InstallPlace } from '../domain/install-place.ts'
import type { ScanError } from '../domain/scan.ts'
import type { ScanEngine, WalkEntry, WalkPlan } from '../native/engine.ts'
import { noCache } from '../sweep/hash-cache.ts'
import { type SweepLimits, treeSweep } from '../sweep/request.ts'
import { sweep } from '../sweep/sweep.ts'
import { displayPath, type Volume } from '../sweep/volume.ts'

/** A file in one of the places. */
export interface PlacedFile {
  readonly entry: WalkEntry
  readonly place: InstallPlace
  readonly user: string
}

/** What a walk saw. */
export interface Look {
  /** In the order of their paths. */
  readonly files: readonly PlacedFile[]
  readonly errors: readonly ScanError[]
  /** Directory entries seen. */
  readonly seen: number
  readonly truncated: boolean
}

/** What a look is taken with. */
export interface LookParts {
  readonly engine: ScanEngine
  readonly installPlaces: readonly InstallPlace[]
  readonly limits: SweepLimits
  readonly mounts: WalkPlan['mounts']
}

/** Files of a user's folder that are kept per place: they all say the same. */
const maxFilesOfPlace = 10_000

/** Walks the places of a volume. */
export async function lookAt(parts: LookParts, volume: Volume, signal: AbortSignal): Promise<Look> {
  const places = parts.installPlaces.filter(
    (place) => (volume.platform === undefined || place.platform === volume.platform) && isDue(place, volume),
  )
  const rules = places.map((place) => ({ pattern: place.pattern.replaceAll('<user>', '*') }))
  const selection = { rules, classes: [], classesOfRule: rules.map(() => []) }
  const walk = { roots: [volume.canonical], ignoreCase: true, skip: [], mounts: parts.mounts }
  const files: PlacedFile[] = []
  const errors: ScanError[] = []
  const counts = new Map<InstallPlace, number>()
  let seen = 0
  let truncated = false
  const request = treeSweep(parts.engine, walk, selection, parts.limits)
  for await (const batch of sweep(parts.engine, noCache, request, signal)) {
    for (const { path, code, message } of batch.errors) {
      if (errors.length < 200) errors.push({ path: displayPath(volume, path), code, message })
    }
    for (const { entry } of batch.files) {
      const place = places[entry.rules[0] ?? -1] // the first place that fits says the most
      const count = place ? (counts.get(place) ?? 0) : 0
      if (!place || count >= maxFilesOfPlace) continue
      counts.set(place, count + 1)
      files.push({ entry, place, user: place.user ?? userIn(place.pattern, entry.path) })
    }
    seen = batch.progress.files
    truncated = batch.progress.truncated
  }
  signal.throwIfAborted()
  files.sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1))
  return { files, errors, seen, truncated }
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

/** The component where the pattern has `<user>`; it stands before any `**`. */
function userIn(pattern: string, path: string): string {
  const at = pattern.split('/').indexOf('<user>')
  return at < 0 ? userOf(path) : (path.split('/')[at] ?? '')
}

/** Homes, for places that are not bound to one. */
const homes = ['Users/*/**', 'home/*/**'].map((pattern) => glob(pattern, true))

/** The user in whose home a path lies, by its name; empty elsewhere. */
export function userOf(path: string): string {
  return homes.some((home) => matchesGlob(home, path)) ? (path.split('/')[1] ?? '') : ''
}
