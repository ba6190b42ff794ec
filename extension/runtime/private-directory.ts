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
import { checkClosedDirectory, stepsTo } from './guarded-path.ts'

/** Makes `parent`/`name` with mode 0700 when it is missing, and proves it private. Throws with the reason. */
export function openPrivateDirectory(parent: string, name: string): string {
  const path = join(resolve(parent), name)
  for (const step of stepsTo(dirname(path))) checkClosedDirectory(step)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause
  }
  checkClosedDirectory(path)
  const { uid, mode } = lstatSync(path)
  if (process.getuid && uid !== process.getuid()) throw new Error(`${path} belongs to uid ${uid}, not to us`)
  if (process.getuid && (mode & 0o777) !== 0o700) throw new Error(`${path} has mode ${octal(mode)}; expected 700`)
  return path
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8)
}
