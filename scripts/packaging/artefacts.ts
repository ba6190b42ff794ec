/**
 * The files of a release directory, with their digests.
 *
 * Everything below it but what is about the others: the list of checksums, the provenance, single digests.
 */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** One file. */
export interface Artefact {
  /** Relative, with forward slashes. */
  readonly name: string
  readonly sha256: string
}

/** Name of the list of checksums. */
export const checksumsName = 'SHA256SUMS'

/** Name of the provenance. */
export const provenanceName = 'provenance.intoto.json'

/** Files below a directory, sorted by name; `isWanted` sees names. Throws when there are none. */
export function artefactsIn(directory: string, isWanted: (name: string) => boolean): readonly Artefact[] {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    // what a killed build left, and what is about one file alone
    .filter((name) => !/(^|\/)\./.test(name) && !name.endsWith('.sha256') && name !== checksumsName)
    .filter(isWanted)
  if (names.length === 0) throw new Error(`there is nothing to release in ${directory}; run npm run build:ext`)
  // a name with a line feed would write further lines into the list
  const odd = names.find((name) => /[\r\n\\]/.test(name))
  if (odd !== undefined) throw new Error(`${JSON.stringify(odd)} in ${directory} has a name that no list can hold`)
  return names.sort().map((name) => ({ name, sha256: digestOf(join(directory, name)) }))
}

/** The list as `sha256sum --check` reads it. */
export function checksumLines(artefacts: readonly Artefact[]): string {
  return artefacts.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('')
}

/** SHA-256 of a file of any size. */
function digestOf(path: string): string {
  const hash = createHash('sha256')
  const block = Buffer.alloc(2 ** 20)
  const handle = openSync(path, 'r')
  try {
    for (let read = readSync(handle, block); read > 0; read = readSync(handle, block))
      hash.update(block.subarray(0, read))
  } finally {
    closeSync(handle)
  }
  return hash.digest('hex')
}
