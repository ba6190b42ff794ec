/**
 * Installs the extension for osquery, and takes it away again.
 *
 * Installing copies the executable to a directory of its own and lists it in the load file; both steps look first and
 * do nothing when it is already so. Removing goes the other way round: first the line, then the file, then the
 * directory if it is empty. The state directory stays, and so do older files of ours elsewhere. Nothing is executed
 * and no service is touched: a restart while a fleet agent runs this would kill the agent's own script.
 */
import { readdirSync, rmdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { syncDirectory } from '../runtime/whole-file.ts'
import { binaryFormat, headBytes, runsOn } from './binary-format.ts'
import { readHead } from './gather-file.ts'
import type { Layout } from './layout.ts'
import { checkLoadFile, list, unlist } from './listing.ts'
import { look, makeSafeDirectory, refuse, safeDirectory } from './safe-place.ts'
import { blocksOf, digestOf, isLeftover, putWhole, refuseOdd } from './whole-file.ts'

/** Ten times a single executable of today. */
const maxProgramBytes = 2 ** 30

/** Where things go. */
export interface Target {
  readonly layout: Layout
  readonly directory: string
  readonly loadFile: string
}

/** One step, as it is told to the user. */
export interface Step {
  readonly isChange: boolean
  readonly text: string
}

/** Installs `file`. Throws `install_failed` before anything is changed where that can be known before. */
export function install(file: string, target: Target): readonly Step[] {
  refuseForeign(file, target.layout)
  refuseLines(target.directory)
  checkLoadFile(target.loadFile)
  const { path: directory, isMade } = makeSafeDirectory(target.directory)
  const program = join(directory, target.layout.fileName)
  const made = isMade ? [{ isChange: true, text: `made directory ${directory}` }] : []
  const copied = copy(file, program)
  const { isChanged, removed } = list(target.loadFile, program)
  const replaced = removed.map((path) => ({
    isChange: true,
    text: `${target.loadFile} no longer names ${path}; that file is left alone`,
  }))
  const listed = isChanged
    ? { isChange: true, text: `${target.loadFile} names ${program}` }
    : { isChange: false, text: `already so: ${target.loadFile} leads to ${program}` }
  return [...made, copied, ...replaced, listed]
}

/** Removes what {@link install} put there. */
export function uninstall(target: Target): readonly Step[] {
  const found = look(target.directory)
  if (found?.isSymbolicLink()) throw refuse(`cannot use directory ${target.directory}: it is a symbolic link`)
  const directory = found === undefined ? target.directory : safeDirectory(target.directory)
  const program = join(directory, target.layout.fileName)
  refuseOdd(program)
  const { isChanged } = unlist(target.loadFile, program)
  const unlisted = isChanged
    ? { isChange: true, text: `${target.loadFile} no longer names ${program}` }
    : { isChange: false, text: `already so: ${target.loadFile} does not name ${program}` }
  if (look(program) === undefined) return [unlisted, { isChange: false, text: `already so: there is no ${program}` }]
  return [unlisted, ...remove(program, directory)]
}

function copy(file: string, program: string): Step {
  refuseOdd(program)
  if (isSame(file, program))
    return { isChange: false, text: `already so: ${program} is ${basename(file)}, byte for byte` }
  putWhole(program, { mode: 0o755 }, blocksOf(file, maxProgramBytes, true))
  return { isChange: true, text: `copied ${file} to ${program}` }
}

/** Same bytes, same rights. */
function isSame(file: string, program: string): boolean {
  const found = look(program)
  if (found === undefined) return false
  const uid = process.getuid?.()
  const hasRights = uid === undefined || ((found.mode & 0o7777n) === 0o755n && found.uid === BigInt(uid))
  return hasRights && digestOf(file, maxProgramBytes, true) === digestOf(program, maxProgramBytes, false)
}

function remove(program: string, directory: string): Step[] {
  try {
    rmSync(program)
    for (const name of readdirSync(directory)) if (isLeftover(name, program)) rmSync(join(directory, name))
    syncDirectory(directory)
    const removed = { isChange: true, text: `removed ${program}` }
    if (readdirSync(directory).length > 0) return [removed]
    rmdirSync(directory)
    return [removed, { isChange: true, text: `removed directory ${directory}` }]
  } catch (cause) {
    throw refuse(`cannot remove ${program}: ${(cause as Error).message}`, cause)
  }
}

function refuseForeign(file: string, { platform }: Layout): void {
  const head = readHead(file, headBytes)
  if (head === undefined) throw refuse(`cannot install ${file}: it is missing, unreadable or no regular file`)
  const format = binaryFormat(head)
  if (runsOn(format, platform, process.arch) !== 'no') return
  const found = 'processors' in format ? `${format.kind} for ${format.processors.join(', ')}` : format.kind
  throw refuse(`cannot install ${file}: found ${found}; expected a program for ${platform} ${process.arch}`)
}

/** A line feed in a path would write further lines into the load file. */
function refuseLines(directory: string): void {
  if (/[\u0000-\u001f\u007f]/.test(directory))
    throw refuse(`cannot use directory ${JSON.stringify(directory)}: control characters in it`)
}
