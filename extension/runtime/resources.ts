/**
 * Files that ship with the program: indicator data, the SQLite WebAssembly module, the native add-on.
 *
 * In a checkout they lie in the source tree; in the single-file executable they are assets inside it, and there is no
 * tree. Whoever needs one asks here by its name (its path below the root of the project, with `/`) and cannot tell.
 * Works in every thread. Nothing an operator brings along is read here.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { getAssetKeys, getRawAsset, isSea } from 'node:sea'
import { fileURLToPath } from 'node:url'

/** Whether this process runs from the single-file executable. */
export const isExecutable = isSea()

/** Names of the shipped files that begin with a prefix ending in `/`, sorted. */
export function shippedFiles(prefix: string): string[] {
  if (isExecutable) {
    return getAssetKeys()
      .filter((name) => name.startsWith(prefix))
      .sort()
  }
  const directory = join(tree(), prefix)
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => prefix + join(entry.parentPath, entry.name).slice(directory.length).split(sep).join('/'))
    .sort()
}

/**
 * The bytes of a shipped file; not to be written to: in the executable they are its own pages. Throws when there is no
 * such file, which means that the program was put together wrongly.
 */
export function shippedFile(name: string): Uint8Array {
  return isExecutable ? new Uint8Array(getRawAsset(name)) : readFileSync(join(tree(), name))
}

/** The same as text. */
export function shippedText(name: string): string {
  return Buffer.from(shippedFile(name)).toString('utf8')
}

/** The root of the checkout. A function, because a bundle has no place of its own. */
function tree(): string {
  return fileURLToPath(new URL('../../', import.meta.url))
}
