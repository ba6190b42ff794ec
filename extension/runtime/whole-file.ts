/**
 * Files that are there whole or not at all, also after a power cut or a kill.
 *
 * Written beside the target under a name nobody can guess and nothing loads, brought to disk, renamed over it. Nothing
 * about the target is distrusted here: in a directory of our own (see `state-dir.ts`) nothing needs to be, and
 * `deployment/whole-file.ts` looks first where others may have put something.
 */
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Owner and mode of a new file. Without an owner: whoever runs this. */
export interface FileRights {
  readonly mode: number
  readonly uid?: number
  readonly gid?: number
}

/** Puts a file in place of another, or where none was. Throws what the system says. */
export function writeWhole(
  target: string,
  blocks: Iterable<Uint8Array>,
  { mode, uid, gid = uid }: FileRights = { mode: 0o600 },
): void {
  const part = join(dirname(target), `.${basename(target)}.${randomUUID()}.part`)
  try {
    const handle = openSync(part, 'wx', 0o600)
    try {
      for (const block of blocks) for (let at = 0; at < block.length; ) at += writeSync(handle, block, at)
      if (uid !== undefined && gid !== undefined && process.getuid?.() === 0) fchownSync(handle, uid, gid)
      fchmodSync(handle, mode)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(part, target)
    syncDirectory(dirname(target))
  } catch (cause) {
    rmSync(part, { force: true })
    throw cause
  }
}

/** Whether a name is one that a killed {@link writeWhole} leaves behind. */
export function isUnfinished(name: string): boolean {
  return /^\..*\.[0-9a-f-]{36}\.part$/.test(name)
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
