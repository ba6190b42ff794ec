/**
 * A directory that nobody else can change, reached by a path that nobody else can change.
 *
 * What is run as code must lie in such a place. Mode and owner of the directory alone prove little: whoever can write
 * to a directory above it moves it away and puts his own there. So every step from the root is looked at, links are
 * refused (a link is a second path that would have to be proved), and so are sticky directories such as /tmp, where
 * anybody may have been first. Root is trusted: it owns the process anyway. On Windows the state directory inherits
 * its access list and nothing is checked here.
 */
import { lstatSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Makes `parent`/`name` with mode 0700 when it is missing, and proves it private. Throws with the reason. */
export function openPrivateDirectory(parent: string, name: string): string {
  const path = join(resolve(parent), name)
  for (const step of stepsTo(dirname(path))) checkStep(step)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause
  }
  checkStep(path)
  const { uid, mode } = lstatSync(path)
  if (process.getuid && uid !== process.getuid()) throw new Error(`${path} belongs to uid ${uid}, not to us`)
  if (process.getuid && (mode & 0o777) !== 0o700) throw new Error(`${path} has mode ${octal(mode)}; expected 700`)
  return path
}

/** Every directory from the root to a path, the path included. */
function stepsTo(path: string): string[] {
  const above = dirname(path)
  return above === path ? [path] : [...stepsTo(above), path]
}

function checkStep(path: string): void {
  const found = lstatSync(path)
  const { uid, gid, mode } = found
  if (found.isSymbolicLink()) throw new Error(`${path} is a symbolic link; give the path it leads to`)
  if (!found.isDirectory()) throw new Error(`${path} is no directory`)
  if (!process.getuid) return
  if (uid !== 0 && uid !== process.getuid()) throw new Error(`${path} belongs to uid ${uid}, neither root nor us`)
  if ((mode & 0o002) !== 0) throw new Error(`${path} can be written to by everybody (mode ${octal(mode)})`)
  if ((mode & 0o020) !== 0 && gid !== 0) {
    throw new Error(`${path} can be written to by group ${gid} (mode ${octal(mode)})`)
  }
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8)
}
