/**
 * The files in given places of a volume: one walk, by names alone. Nothing is opened here.
 */
import { glob, matchesGlob } from '../domain/glob.ts'
import type { ScanError } from '../domain/scan.ts'
import type { ScanEngine, WalkEntry, WalkPlan } from '../native/engine.ts'
import { noCache } from './hash-cache.ts'
import { type SweepLimits, treeSweep } from './request.ts'
import { sweep } from './sweep.ts'
import { displayPath, type Volume } from './volume.ts'

/** A place: a pattern of domain/glob.ts, in which the component `<user>` is any and names the user. */
export interface NamedPlace {
  readonly pattern: string
  /** Account the place belongs to, where the pattern does not name it. */
  readonly user?: string
}

/** A file in one of the places. */
export interface PlacedFile<P extends NamedPlace> {
  readonly entry: WalkEntry
  readonly place: P
  readonly user: string
}

/** What a walk saw. */
export interface PlacedFiles<P extends NamedPlace> {
  /** In the order of their paths. */
  readonly files: readonly PlacedFile<P>[]
  readonly errors: readonly ScanError[]
  /** Directory entries seen. */
  readonly seen: number
  readonly truncated: boolean
}

/** What a walk is taken with. */
export interface PlacedParts {
  readonly engine: ScanEngine
  readonly limits: SweepLimits
  readonly mounts: WalkPlan['mounts']
}

/** Files that are kept per place: a user may have made millions. */
const maxFilesOfPlace = 10_000
const maxErrors = 200

/**
 * Walks a volume. Of the places of one kind that a file is in, the first counts; all are of one kind where nothing else
 * is said. Rejects with the signal's reason when aborted.
 */
export async function findPlacedFiles<P extends NamedPlace>(
  { engine, limits, mounts }: PlacedParts,
  volume: Volume,
  places: readonly P[],
  signal: AbortSignal,
  kindOf: (place: P) => string = () => '',
): Promise<PlacedFiles<P>> {
  const rules = places.map((place) => ({ pattern: place.pattern.replaceAll('<user>', '*') }))
  const selection = { rules, classes: [], classesOfRule: rules.map(() => []) }
  const walk = { roots: [volume.canonical], ignoreCase: true, skip: [], mounts }
  const files: PlacedFile<P>[] = []
  const errors: ScanError[] = []
  const counts = new Map<P, number>()
  let seen = 0
  let truncated = false
  let isCut = false
  for await (const batch of sweep(engine, noCache, treeSweep(engine, walk, selection, limits), signal)) {
    for (const { path, code, message } of batch.errors) {
      if (errors.length < maxErrors) errors.push({ path: displayPath(volume, path), code, message })
    }
    for (const { entry } of batch.files) {
      const kinds = new Map<string, P>()
      for (const place of entry.rules.flatMap((rule) => places[rule] ?? [])) {
        if (!kinds.has(kindOf(place))) kinds.set(kindOf(place), place)
      }
      for (const place of kinds.values()) {
        const count = counts.get(place) ?? 0
        if (count >= maxFilesOfPlace) {
          isCut = true
          continue
        }
        counts.set(place, count + 1)
        files.push({ entry, place, user: place.user ?? userIn(place.pattern, entry.path) })
      }
    }
    seen = batch.progress.files
    truncated = batch.progress.truncated
  }
  signal.throwIfAborted()
  files.sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1))
  return { files, errors, seen, truncated: truncated || isCut }
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
