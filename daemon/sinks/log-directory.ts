/**
 * The directory of the file sink: proved to be ours, and ours alone.
 *
 * Whoever can write to it, or to a directory above it, could put a link in place of a log and have us write through it.
 * Sticky directories such as /tmp are fine above, since nobody can replace what is ours in them. One process at a time:
 * the lock is SQLite's on an empty database, which the kernel releases whatever ends the process. Windows inherits its
 * access lists and is not looked at.
 */
import { closeSync, constants, lstatSync, mkdirSync, openSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileFailure } from './file-failure.ts'
import { SinkError } from './sink.ts'

/** A directory that is held. */
export interface DirectoryLock {
  /** Without symbolic links. */
  readonly path: string
  release(): void
}

const lockName = '.threecx-hunter.lock'

/** Makes the directory when it is missing, proves and locks it. Throws `SinkError`. */
export function lockDirectory(directory: string): DirectoryLock {
  try {
    mkdirSync(resolve(directory), { recursive: true, mode: 0o700 })
    const path = realpathSync(resolve(directory))
    checkOwn(path)
    for (const above of stepsAbove(path)) checkAbove(path, above)
    return { path, release: lock(join(path, lockName), path) }
  } catch (cause) {
    throw fileFailure(cause, `open the log directory ${directory}`)
  }
}

function stepsAbove(path: string): string[] {
  const above = dirname(path)
  return above === path ? [] : [above, ...stepsAbove(above)]
}

function checkOwn(path: string): void {
  const { uid, mode } = lstatSync(path)
  if (!process.getuid) return
  if (uid !== process.getuid() && uid !== 0) throw refused(path, `it belongs to uid ${uid}, neither to us nor to root`)
  if ((mode & 0o022) !== 0) throw refused(path, `others can write to it (mode ${(mode & 0o7777).toString(8)})`)
}

function checkAbove(path: string, above: string): void {
  const { uid, mode } = lstatSync(above)
  if (!process.getuid) return
  const isOurs = uid === process.getuid() || uid === 0
  if (!isOurs || ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)) {
    throw refused(path, `others can replace it through ${above} (uid ${uid}, mode ${(mode & 0o7777).toString(8)})`)
  }
}

function refused(path: string, found: string): SinkError {
  return new SinkError('misconfigured', `log directory ${path} is refused: ${found}; chmod or choose another directory`)
}

/** An existing file is not opened here: closing it again would drop a lock that this process holds on it. */
function lock(path: string, directory: string): () => void {
  try {
    closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600))
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause
    if (!lstatSync(path).isFile()) throw new SinkError('misconfigured', `${path} is no regular file; remove it`)
  }
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    const message = `log directory ${directory} is in use by another process; give each daemon its own`
    throw new SinkError('misconfigured', message, { cause })
  }
  return () => database.close()
}
