/**
 * Files that appear whole or not at all.
 *
 * Written beside the target under a name nobody can guess and nothing loads, brought to disk, then renamed over it: a
 * reader sees the old file or the new one, also after a power cut. A target that is a link or no regular file is
 * refused, never followed.
 */
import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { look, refuse } from './safe-place.ts'

const blockBytes = 1024 * 1024

/** Owner and mode of a new file. Without an owner: whoever runs this. */
export interface FileRights {
  readonly mode: number
  readonly uid?: number
  readonly gid?: number
}

/** Puts a file in place of another, or where none was. `directory` is trusted by the caller. */
export function putWhole(target: string, rights: FileRights, blocks: Iterable<Uint8Array>): void {
  refuseOdd(target)
  const part = join(dirname(target), `.${basename(target)}.${randomUUID()}.part`)
  try {
    const handle = openSync(part, 'wx', 0o600)
    try {
      for (const block of blocks) writeAll(handle, block)
      if (rights.uid !== undefined && process.getuid?.() === 0) fchownSync(handle, rights.uid, rights.gid ?? rights.uid)
      fchmodSync(handle, rights.mode)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(part, target)
    syncDirectory(dirname(target))
  } catch (cause) {
    rmSync(part, { force: true })
    throw refuse(`cannot write ${target}: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
}

/** Names that {@link putWhole} gives before it renames: what a killed run leaves behind. */
export function isLeftover(name: string, target: string): boolean {
  return name.startsWith(`.${basename(target)}.`) && /\.[0-9a-f-]{36}\.part$/.test(name)
}

/** Brings a rename or a removal to disk, where the platform lets a directory be opened. */
export function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(directory, constants.O_RDONLY)
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
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

function writeAll(handle: number, block: Uint8Array): void {
  for (let at = 0; at < block.length; ) at += writeSync(handle, block, at)
}
