/**
 * Our line in the load file, for an executable that somebody else put in place and will take away: a package.
 *
 * The same line by the same rules as `install.ts`, without its copying: a package manager owns the file, and a digest
 * over it at every upgrade would only cost time. A host is there when the directory of its load file is; on one that is
 * not there nothing is made, because osquery's own package would find it.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Step, Target } from './install.ts'
import { type Layout, pathsOf } from './layout.ts'
import { list, unlist } from './listing.ts'
import { look, refuse, safeDirectory } from './safe-place.ts'
import { refuseOdd } from './whole-file.ts'

/** Whether osquery, or Fleet's orbit, is on this machine. */
export function isPresent({ platform, loadFile }: Pick<Layout, 'platform' | 'loadFile'>): boolean {
  return statSync(pathsOf(platform).dirname(loadFile), { throwIfNoEntry: false })?.isDirectory() === true
}

/** Names the executable that lies in the target's directory in its load file; an older path of ours gives way. */
export function register(target: Target): readonly Step[] {
  const { directory, loadFile, layout } = target
  if (look(directory) === undefined) throw missing(join(directory, layout.fileName), loadFile)
  const program = join(safeDirectory(directory), layout.fileName)
  refuseOdd(program)
  if (look(program) === undefined) throw missing(program, loadFile)
  const { isChanged, removed } = list(loadFile, program)
  const replaced = removed.map((path) => ({ isChange: true, text: `${loadFile} no longer names ${path}` }))
  const listed = isChanged
    ? { isChange: true, text: `${loadFile} names ${program}` }
    : { isChange: false, text: `already so: ${loadFile} leads to ${program}` }
  return [...replaced, listed]
}

/** Takes the line away. The executable may be there or gone. */
export function unregister(target: Target): readonly Step[] {
  const { directory, loadFile, layout } = target
  const isThere = look(directory) !== undefined
  const program = join(isThere ? safeDirectory(directory) : directory, layout.fileName)
  return [
    unlist(loadFile, program).isChanged
      ? { isChange: true, text: `${loadFile} no longer names ${program}` }
      : { isChange: false, text: `already so: ${loadFile} does not name ${program}` },
  ]
}

function missing(program: string, loadFile: string) {
  return refuse(`cannot name ${program} in ${loadFile}: there is no such file; expected the installed extension`)
}
