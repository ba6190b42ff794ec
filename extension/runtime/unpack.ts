/**
 * Puts a shipped file on disk so that the system can load it as code, and proves before every load that it is ours.
 *
 * The name holds the content's hash, so versions live side by side while an old process still runs. A file that is
 * there is believed only when owner, mode, size, link count and every byte are right; any other is replaced, whole, by
 * a rename. Between the proof and the load nobody but this user (and root) can swap the file: its directory is ours
 * with mode 0700 and every directory above it is proved (private-directory.ts). Whoever is this user already needs no
 * swap. What is not right in the surroundings is an error for the caller, never repaired.
 */
import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { openPrivateDirectory } from './private-directory.ts'
import { syncDirectory } from './whole-file.ts'

/** The directory below the state directory. */
const directoryName = 'native'

/** Our files there: the hash, or the hash and what makes a half-written one unique. */
const ourNames = /^[0-9a-f]{64}\.node(\.[0-9a-f]{16}\.partial)?$/

/** Files of other versions are kept this long: the process of an older executable may be about to load its own. */
const keepOthersMs = 24 * 3600 * 1000

/** Unpacks a file below `stateDir` and returns its path, ready to be loaded. Throws when that cannot be done safely. */
export function unpackCode(stateDir: string, bytes: Uint8Array): string {
  const directory = openPrivateDirectory(stateDir, directoryName)
  const digest = sha256(bytes)
  const path = join(directory, `${digest}.node`)
  if (!isIntact(path, bytes.length, digest)) {
    write(directory, path, bytes)
    if (!isIntact(path, bytes.length, digest)) throw new Error(`${path} is not what was just written to it`)
  }
  removeOthers(directory, path)
  return path
}

/** Whether the file is exactly ours. The descriptor is looked at, not the path, and a link is not followed. */
function isIntact(path: string, size: number, digest: string): boolean {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  } catch {
    return false
  }
  try {
    const found = fstatSync(file)
    if (!found.isFile() || found.size !== size || found.nlink !== 1) return false
    if (process.getuid && (found.uid !== process.getuid() || (found.mode & 0o7777) !== 0o600)) return false
    return sha256(readFileSync(file)) === digest
  } finally {
    closeSync(file)
  }
}

/** Writes beside and renames: no process ever sees half a file, and one that runs the old file keeps it. */
function write(directory: string, path: string, bytes: Uint8Array): void {
  const partial = `${path}.${randomBytes(8).toString('hex')}.partial`
  try {
    const file = openSync(partial, 'wx', 0o600)
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    if (isDirectory(path)) rmSync(path, { recursive: true }) // a rename does not replace a directory
    renameSync(partial, path)
    syncDirectory(directory)
  } finally {
    rmSync(partial, { force: true })
  }
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Removes files of other versions that are old; only names we give, only in our directory. Failing is harmless. */
function removeOthers(directory: string, path: string): void {
  const before = Date.now() - keepOthersMs
  for (const name of readdirSync(directory)) {
    const other = join(directory, name)
    if (other === path || !ourNames.test(name)) continue
    try {
      if (lstatSync(other).mtimeMs < before) rmSync(other)
    } catch {
      // another process was first, or it is in use
    }
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
