/**
 * Writes a synthetic image below a directory, with fixed bytes, modes and times, and says what was planted.
 *
 * Creates files and directories only; nothing is deleted, and no link is made or followed on purpose. Birth and change
 * times are the machine's own, because no system lets a program set them.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Verdict } from '../../../extension/domain/finding.ts'
import type { Platform } from '../../../extension/domain/platform.ts'
import { contactFiles } from './contact-files.ts'
import { darwinImage } from './darwin-image.ts'
import { executionFiles } from './execution-files.ts'
import { digest } from './indicator-file.ts'
import { linuxImage } from './linux-image.ts'
import type { ImageForm, MatchedBy, PlannedFile } from './planned-file.ts'
import { windowsImage } from './windows-image.ts'

/** One file of an image, and what a hunt with the shipped and the image's own indicators must say of it. */
export interface PlantedFile {
  /** Below the root, `/` between components. */
  readonly path: string
  readonly component: string
  /** Undefined: nothing may be said of it. */
  readonly verdict: Verdict | undefined
  /** What gives the file away, gravest first. */
  readonly matchedBy: readonly MatchedBy[]
  /** Only an engine that opens installers can tell. */
  readonly isInside: boolean
  readonly size: number
  /** Unix seconds. */
  readonly mtime: number
  readonly sha256: string
}

/** What to plant, and whether a directory that is not empty will do. */
export interface PlantOptions {
  readonly clean: boolean
  /** A rebuilt attack instead of the published one. */
  readonly variant?: boolean
  readonly force?: boolean
}

/** Time of every directory, unix seconds. */
const directoryTime = Date.UTC(2023, 2, 30) / 1000

const images: Readonly<Record<Platform, (form: ImageForm) => PlannedFile[]>> = {
  windows: windowsImage,
  darwin: darwinImage,
  linux: linuxImage,
}

/** The files of an image in the order of their paths; the same on every call. */
export function plannedFiles(platform: Platform, form: ImageForm): PlannedFile[] {
  const files = [
    ...images[platform](form),
    ...contactFiles(platform, form).files,
    ...executionFiles(platform, form).files,
  ]
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Writes an image into a new or empty directory. Throws when it is not empty and not forced. */
export function plantImage(platform: Platform, dir: string, options: PlantOptions): PlantedFile[] {
  if (!options.force && existsSync(dir) && readdirSync(dir).length > 0) throw new NotEmptyError(dir)
  const form = options.clean ? 'clean' : options.variant ? 'variant' : 'compromised'
  const files = plannedFiles(platform, form)
  for (const file of files) write(dir, file)
  for (const directory of directoriesOf(files)) utimesSync(join(dir, directory), directoryTime, directoryTime)
  return files.map(described)
}

/** The directory already holds something, which an image must not be mixed with unasked. */
export class NotEmptyError extends Error {
  constructor(dir: string) {
    super(`cannot plant an image in ${JSON.stringify(dir)}: it is not empty; expected a new or empty directory`)
    this.name = 'NotEmptyError'
  }
}

function write(dir: string, file: PlannedFile): void {
  const path = join(dir, file.path)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, file.bytes)
  chmodSync(path, file.isExecutable ? 0o755 : 0o644)
  utimesSync(path, file.mtime, file.mtime)
}

/** Every directory of an image, the root included. */
function directoriesOf(files: readonly PlannedFile[]): Set<string> {
  const found = new Set<string>()
  for (const file of files) {
    for (let at = dirname(file.path); !found.has(at); at = dirname(at)) found.add(at)
  }
  return found
}

function described({ path, component, reasons, bytes, mtime, isInside }: PlannedFile): PlantedFile {
  return {
    path,
    isInside,
    component,
    verdict: reasons[0]?.verdict,
    matchedBy: reasons.map((reason) => reason.matchedBy),
    size: bytes.length,
    mtime,
    sha256: digest('sha256', bytes),
  }
}
