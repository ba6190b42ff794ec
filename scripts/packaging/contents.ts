/**
 * What `npm run build:ext` says is inside an executable: the list it leaves beside it as `<file>.json`.
 *
 * Packages, the bill of materials and the provenance all start from it, because it names what is really in the file; a
 * lock file also names what was left out. Read with care: an artefact of another build may lie in the same place.
 */
import { existsSync, readFileSync } from 'node:fs'

/** One npm package whose code is inside. */
export interface BundledPackage {
  readonly name: string
  readonly version: string
  readonly integrity: string
}

/** The list. */
export interface Contents {
  readonly name: string
  readonly version: string
  /** As `process.platform`-`process.arch`. */
  readonly platform: string
  /** The npm package of the runtime. */
  readonly node: { readonly package: string; readonly version: string; readonly integrity: string }
  /** `native` only when the compiled engine is inside. */
  readonly engines: readonly string[]
  readonly packages: readonly BundledPackage[]
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[]
}

/** The list of an executable. Throws when there is none, or when it is something else. */
export function contentsOf(file: string): Contents {
  const path = `${file}.json`
  if (!existsSync(path)) throw new Error(`there is no ${path}, which npm run build:ext writes beside the executable`)
  const found = JSON.parse(readFileSync(path, 'utf8')) as Partial<Contents>
  const isComplete =
    typeof found.version === 'string' &&
    typeof found.platform === 'string' &&
    typeof found.node?.integrity === 'string' &&
    Array.isArray(found.engines) &&
    Array.isArray(found.packages) &&
    Array.isArray(found.files)
  if (!isComplete) throw new Error(`${path} is no list of contents; run npm run build:ext again`)
  return found as Contents
}
