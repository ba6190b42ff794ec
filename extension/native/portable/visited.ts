/**
 * Directories that were entered, so that a loop ends.
 *
 * Links are not followed, but a bind mount shows one directory at two places and a damaged file system can show one
 * below itself. A directory is entered again only when other rules reach it there: coming back with the same ones
 * could select nothing but the same files again.
 */
import type { Reach } from './rules.ts'

/** The set. Inode numbers are kept as numbers by the million, not as text. */
export class Visited {
  readonly #groups = new Map<string, Set<bigint>>()

  /** Notes a directory; false when it was entered before. File systems without inode numbers (0) are not judged. */
  isNew(root: number, device: bigint, inode: bigint, reach: Reach): boolean {
    if (inode === 0n) return true
    const key = `${root} ${device} ${reach.map(({ rule, positions }) => `${rule}:${positions}`).join(' ')}`
    const group = this.#groups.get(key) ?? new Set()
    this.#groups.set(key, group)
    if (group.has(inode)) return false
    group.add(inode)
    return true
  }
}
