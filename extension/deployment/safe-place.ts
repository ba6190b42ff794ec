/**
 * Whether a place may be trusted with something root will execute.
 *
 * Links on the way are resolved first (macOS has /var and /etc as links); what is left must belong to root or to us,
 * all the way up, and others may not write to it. A sticky directory such as /tmp may be passed through, because nobody
 * can exchange what lies in it, but nothing is put into one. A writing group is let pass, as osquery does: older
 * Debians give /usr/local to the group staff. Windows has no such bits; there only the kinds of files are looked at.
 */
import { type BigIntStats, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join, parse } from 'node:path'
import { HunterError } from '../domain/errors.ts'

/** A named refusal. */
export function refuse(message: string, cause?: unknown): HunterError {
  return new HunterError('install_failed', message, cause === undefined ? {} : { cause })
}

/** `lstat` that answers undefined for what is not there. */
export function look(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw refuse(`cannot look at ${path}: ${(cause as Error).message}`, cause)
  }
}

/** Why an owner or a mode cannot be trusted, or undefined. */
export function distrust(found: BigIntStats): string | undefined {
  const uid = process.getuid?.()
  if (uid === undefined) return undefined
  if (found.uid !== 0n && found.uid !== BigInt(uid)) return `it belongs to uid ${found.uid}`
  return (found.mode & 0o002n) === 0n ? undefined : 'others can write to it'
}

/** The real path of an existing directory in which nobody else can exchange anything. */
export function safeDirectory(path: string): string {
  let real: string
  try {
    real = realpathSync.native(path)
  } catch (cause) {
    throw refuse(`cannot use directory ${path}: ${(cause as Error).message}`, cause)
  }
  for (let at = real; ; at = dirname(at)) {
    const found = look(at)
    if (!found?.isDirectory()) throw refuse(`cannot use directory ${path}: ${at} is no directory`)
    const isSticky = (found.mode & 0o1000n) !== 0n && process.platform !== 'win32'
    if (isSticky && at === real)
      throw refuse(`cannot use directory ${path}: it is sticky, like /tmp; osquery loads nothing from it`)
    const why = distrust(found)
    if (why !== undefined && !(isSticky && found.uid === 0n))
      throw refuse(`cannot use directory ${path}: ${at}: ${why}`)
    if (at === parse(at).root) return real
  }
}

/** Makes a directory, and those above it that are missing, mode 0755. Returns its real path, and whether it was made. */
export function makeSafeDirectory(path: string): { readonly path: string; readonly isMade: boolean } {
  const found = look(path)
  if (found?.isSymbolicLink()) throw refuse(`cannot use directory ${path}: it is a symbolic link`)
  if (found) return { path: safeDirectory(path), isMade: false }
  const parent = makeSafeDirectoryAbove(path)
  const made = join(parent, basename(path))
  try {
    mkdirSync(made, { mode: 0o755 })
  } catch (cause) {
    throw refuse(`cannot make directory ${path}: ${(cause as Error).message}`, cause)
  }
  return { path: safeDirectory(made), isMade: true }
}

function makeSafeDirectoryAbove(path: string): string {
  const parent = dirname(path)
  if (look(parent) === undefined) return makeSafeDirectory(parent).path
  const real = realpathSync.native(parent)
  // a sticky directory of root is fit for a directory of ours in it
  const found = look(real)
  if (found && (found.mode & 0o1000n) !== 0n && found.uid === 0n) return safeSticky(real)
  return safeDirectory(real)
}

function safeSticky(real: string): string {
  const above = dirname(real)
  if (above !== real) safeDirectory(above)
  return real
}
