/**
 * An open directory, and how system calls name what is inside it.
 *
 * On Linux a directory is held open with O_PATH and its content is named `/proc/self/fd/<n>/<name>`: that is
 * openat(2) by other means. Nobody can swap a parent for a symbolic link under our feet, and no path is ever longer
 * than one name, so trees deeper than PATH_MAX are walked like others.
 *
 * Elsewhere (and where /proc is missing) Node offers only whole paths. Each directory is then checked not to be a
 * link, and after every opening the real path must still lie below the root. That narrows the race and does not close
 * it, and paths longer than the system allows fail as `io`.
 */
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises'
import { sep } from 'node:path'
import { FileFailure } from './failure.ts'

/** The two ways to name files. */
export type Addressing = 'descriptors' | 'paths'

/** O_PATH of Linux, which `fs.constants` lacks; the same number on every architecture Node runs on. */
export const O_PATH = 0o10000000

/** An open directory. */
export interface Folder {
  /** Names the directory itself to a system call that follows links. */
  readonly self: Buffer
  /** Names one of its entries; valid while the folder is open. */
  at(name: Buffer): Buffer
  /** Rejects when the directory was moved out of the root, or replaced by a link, since it was opened. */
  verify(): Promise<void>
  stat(): Promise<BigIntStats>
  close(): Promise<void>
}

/** Opens a root: an absolute path without links. */
export async function openRoot(addressing: Addressing, path: Buffer): Promise<Folder> {
  if (addressing === 'descriptors') return openDescriptor(path)
  await requireDirectory(path)
  return folderAt(path, await realpath(path, 'buffer'))
}

/** Opens a directory inside another; a symbolic link is refused. */
export async function openChild(addressing: Addressing, parent: Folder, name: Buffer): Promise<Folder> {
  const path = parent.at(name)
  if (addressing === 'descriptors') return openDescriptor(path)
  await requireDirectory(path)
  const folder = folderAt(path, (parent as PathFolder).base)
  await folder.verify()
  return folder
}

async function openDescriptor(path: Buffer): Promise<Folder> {
  let handle: FileHandle
  try {
    handle = await open(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch (error) {
    // Linux says ENOTDIR for a link, too.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') await requireDirectory(path)
    throw error
  }
  const self = Buffer.from(`/proc/self/fd/${handle.fd}`)
  return {
    self,
    at: (name) => Buffer.concat([self, Buffer.from('/'), name]),
    verify: async () => {},
    stat: () => handle.stat({ bigint: true }),
    close: () => handle.close(),
  }
}

interface PathFolder extends Folder {
  /** Real path of the root. */
  readonly base: Buffer
}

function folderAt(self: Buffer, base: Buffer): PathFolder {
  return {
    self,
    base,
    at: (name) => join(self, name),
    verify: async () => {
      await requireDirectory(self)
      const real = await realpath(self, 'buffer')
      const isBelow =
        real.equals(base) || real.subarray(0, join(base, Buffer.alloc(0)).length).equals(join(base, Buffer.alloc(0)))
      if (!isBelow) throw new FileFailure('symlink', 'a directory on the way leads out of the root')
    },
    stat: () => lstat(self, { bigint: true }),
    close: async () => {},
  }
}

function join(directory: Buffer, name: Buffer): Buffer {
  const separator = Buffer.from(sep)
  const isBare = directory.subarray(-1).equals(separator)
  return Buffer.concat(isBare ? [directory, name] : [directory, separator, name])
}

async function requireDirectory(path: Buffer): Promise<void> {
  const stats = await lstat(path, { bigint: true })
  if (stats.isSymbolicLink()) throw new FileFailure('symlink', 'a symbolic link in place of a directory')
  if (!stats.isDirectory()) throw new FileFailure('vanished', 'no directory any more')
}
