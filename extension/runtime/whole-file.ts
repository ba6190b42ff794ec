/**
 * A file of our own that is there whole or not at all, also after a power cut or a kill.
 *
 * Written beside the target, brought to disk, renamed over it. The directory is ours alone (see `state-dir.ts`), so
 * nothing about the target is distrusted here; `deployment/whole-file.ts` is for directories that others may see.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Puts bytes in place of a file, or where none was; mode 0600. Throws what the system says. */
export function writeWhole(target: string, bytes: Uint8Array): void {
  const part = join(dirname(target), `.${basename(target)}.${randomUUID()}.part`)
  try {
    const handle = openSync(part, 'wx', 0o600)
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at)
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

/** Brings a rename to disk, where the platform lets a directory be opened. */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(directory, constants.O_RDONLY)
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
