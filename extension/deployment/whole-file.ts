/**
 * Files in directories that others may see, which appear whole or not at all.
 *
 * Written by `runtime/whole-file.ts`: a reader sees the old file or the new one, also after a power cut. A target that is
 * a link or no regular file is refused, never followed.
 */
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { type FileRights, isUnfinished, writeWhole } from '../runtime/whole-file.ts'
import { look, refuse } from './safe-place.ts'

const blockBytes = 1024 * 1024

/** Puts a file in place of another, or where none was. `directory` is trusted by the caller. */
export function putWhole(target: string, rights: FileRights, blocks: Iterable<Uint8Array>): void {
  refuseOdd(target)
  try {
    writeWhole(target, blocks, rights)
  } catch (cause) {
    throw refuse(`cannot write ${target}: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
}

/** Names that {@link putWhole} gives before it renames: what a killed run leaves behind. */
export function isLeftover(name: string, target: string): boolean {
  return name.startsWith(`.${basename(target)}.`) && isUnfinished(name)
}

/** Throws unless nothing or a regular file is there. */
export function refuseOdd(target: string): void {
  const found = look(target)
  if (found === undefined || found.isFile()) return
  const nature = found.isSymbolicLink() ? 'a symbolic link' : 'no regular file'
  throw refuse(`cannot touch ${target}: it is ${nature}; expected a regular file or nothing`)
}

/** The bytes of a regular file, block by block, to `maxBytes`. Links are followed only when `mayBeLink`. */
export function* blocksOf(path: string, maxBytes: number, mayBeLink: boolean): Generator<Uint8Array, void, undefined> {
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (mayBeLink ? 0 : (constants.O_NOFOLLOW ?? 0))
  let handle: number
  try {
    handle = openSync(path, flags)
  } catch (cause) {
    throw refuse(`cannot read ${path}: ${(cause as Error).message}`, cause)
  }
  try {
    const found = fstatSync(handle)
    if (!found.isFile()) throw refuse(`cannot read ${path}: it is no regular file`)
    if (found.size > maxBytes)
      throw refuse(`cannot read ${path}: it has ${found.size} bytes; expected at most ${maxBytes}`)
    let total = 0
    for (;;) {
      const block = Buffer.alloc(blockBytes)
      const read = readSync(handle, block, 0, blockBytes, null)
      if (read === 0) break
      total += read
      if (total > maxBytes) throw refuse(`cannot read ${path}: it grows; expected at most ${maxBytes} bytes`)
      yield block.subarray(0, read)
    }
    if (total !== found.size)
      throw refuse(`cannot read ${path}: it changed from ${found.size} to ${total} bytes meanwhile`)
  } finally {
    closeSync(handle)
  }
}

/** SHA-256 of a regular file, in hex. */
export function digestOf(path: string, maxBytes: number, mayBeLink: boolean): string {
  const hash = createHash('sha256')
  for (const block of blocksOf(path, maxBytes, mayBeLink)) hash.update(block)
  return hash.digest('hex')
}
