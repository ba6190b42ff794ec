/**
 * Opening a file that may be hostile: never a FIFO that blocks, a device that acts, a link that leads elsewhere.
 *
 * With descriptors the file is first pinned by O_PATH, which opens nothing; only when the pinned thing is a regular
 * file, that very thing is opened for reading. With paths it is looked at, opened, and looked at again.
 */
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { requireRegular } from './entry.ts'
import { FileFailure } from './failure.ts'
import { type Addressing, type Folder, O_PATH } from './folder.ts'

/** A regular file open for reading, and its state at opening. The caller closes the handle. */
export interface OpenFile {
  readonly handle: FileHandle
  readonly stats: BigIntStats
}

// Windows has none of the three, and needs none: it has no FIFO or terminal in a directory.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants
const readFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY

/** Opens a regular file. `verify` is the parent folder's. */
export async function openRegular(addressing: Addressing, path: Buffer, verify: Folder['verify']): Promise<OpenFile> {
  return addressing === 'descriptors' ? openPinned(path) : openChecked(path, verify)
}

async function openPinned(path: Buffer): Promise<OpenFile> {
  const pin = await open(path, O_PATH | O_NOFOLLOW)
  try {
    requireRegular(await pin.stat({ bigint: true }))
    return await described(await openQuietly(`/proc/self/fd/${pin.fd}`))
  } finally {
    await pin.close()
  }
}

/** Without touching the access time where the system lets us: it is evidence. Only owner and root may ask for that. */
async function openQuietly(path: string): Promise<FileHandle> {
  try {
    return await open(path, readFlags | constants.O_NOATIME)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
    return open(path, readFlags)
  }
}

async function openChecked(path: Buffer, verify: Folder['verify']): Promise<OpenFile> {
  const before = await lstat(path, { bigint: true })
  requireRegular(before)
  const file = await described(await open(path, readFlags | O_NOFOLLOW))
  try {
    await verify()
    if (file.stats.dev === before.dev && file.stats.ino === before.ino) return file
    throw new FileFailure('changed', 'replaced while it was opened')
  } catch (error) {
    await file.handle.close()
    throw error
  }
}

async function described(handle: FileHandle): Promise<OpenFile> {
  try {
    const stats = await handle.stat({ bigint: true })
    requireRegular(stats)
    return { handle, stats }
  } catch (error) {
    await handle.close()
    throw error
  }
}
