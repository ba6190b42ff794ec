/**
 * Facts about one path, without following it anywhere it should not lead.
 *
 * osquery follows links, so links are followed here and said to be links. Nothing is opened but regular files, without
 * blocking, and only so many bytes are read.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs'
import type { FileFacts, FileNature } from './facts.ts'

/** Looks at one path. Never throws. */
export function gatherFile(path: string): FileFacts {
  const nothing = { path, isLink: false, uid: -1, gid: -1, mode: 0, size: 0 }
  let isLink = false
  try {
    isLink = lstatSync(path).isSymbolicLink()
    const found = statSync(path)
    return Object.freeze({
      path,
      nature: natureOf(found),
      isLink,
      realPath: realpathSync.native(path),
      identity: `${found.dev}:${found.ino}`,
      uid: found.uid,
      gid: found.gid,
      mode: found.mode & 0o7777,
      size: found.size,
    })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return Object.freeze({ ...nothing, isLink, nature: isLink ? 'dangling' : 'missing' })
    return Object.freeze({ ...nothing, isLink, nature: 'unreadable', reason: code })
  }
}

function natureOf(found: Stats): FileNature {
  if (found.isFile()) return 'file'
  if (found.isDirectory()) return 'directory'
  return found.isSocket() ? 'socket' : 'other'
}

/** The first bytes of a regular file, or undefined when it is none or cannot be read. */
export function readHead(path: string, maxBytes: number): Uint8Array | undefined {
  let handle: number | undefined
  try {
    handle = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    if (!fstatSync(handle).isFile()) return undefined
    const bytes = Buffer.alloc(maxBytes)
    let length = 0
    while (length < maxBytes) {
      const read = readSync(handle, bytes, length, maxBytes - length, length)
      if (read === 0) break
      length += read
    }
    return bytes.subarray(0, length)
  } catch {
    return undefined
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}
