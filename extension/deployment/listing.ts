/**
 * Our line in `extensions.load`, put in and taken out of the file itself.
 *
 * The file is believed by a root process, so it is neither read through a link nor left writable for others: such a
 * file is refused, not repaired, because nobody knows what else stands in it. A missing one is made, mode 0644.
 */
import { basename, dirname, isAbsolute, join, relative } from 'node:path'
import type { FileRights } from '../runtime/whole-file.ts'
import { maxLoadFileBytes } from './gather-load-file.ts'
import { isOurs } from './layout.ts'
import { bytesOfText, type LoadFileEdit, parseLoadFile, textOfBytes, withEntry, withoutEntries } from './load-file.ts'
import { distrust, look, refuse, safeDirectory } from './safe-place.ts'
import { blocksOf, putWhole, refuseOdd } from './whole-file.ts'

/** What became of a load file. */
export interface Listing {
  readonly isChanged: boolean
  /** Paths whose lines went. */
  readonly removed: readonly string[]
}

/** Throws when {@link list} would: asked before anything else is changed. */
export function checkLoadFile(loadFile: string): void {
  openToAdd(loadFile)
}

/** Makes the load file lead to `path` exactly once. Lines of other versions of ours give way to it. */
export function list(loadFile: string, path: string): Listing {
  const opened = openToAdd(loadFile)
  const { entries } = parseLoadFile(opened.text)
  const isListed = entries.some((entry) => entry.path === path)
  // a directory on the list already leads to everything below it
  if (!isListed && entries.some((entry) => isAbove(entry.path, path))) return { isChanged: false, removed: [] }
  return save(
    opened,
    withEntry(opened.text, path, (other) => isOurs(basename(other))),
  )
}

/** Takes the line of `path` out of the load file. A missing file is left missing. */
export function unlist(loadFile: string, path: string): Listing {
  if (look(loadFile) === undefined) return { isChanged: false, removed: [] }
  const opened = open(loadFile)
  return save(
    opened,
    withoutEntries(opened.text, (other) => other === path),
  )
}

interface Opened {
  /** With a real directory. */
  readonly path: string
  readonly text: string
  readonly rights: FileRights
}

function openToAdd(loadFile: string): Opened {
  const opened = open(loadFile)
  if (!parseLoadFile(opened.text).hasByteOrderMark) return opened
  throw refuse(`cannot add to ${loadFile}: it starts with a byte-order mark; expected plain UTF-8`)
}

function open(loadFile: string): Opened {
  const directory = dirname(loadFile)
  if (look(directory) === undefined) {
    throw refuse(
      `cannot use ${loadFile}: there is no ${directory}; install osquery first, or name its load file with --load-file`,
    )
  }
  const path = join(safeDirectory(directory), basename(loadFile))
  refuseOdd(path)
  const found = look(path)
  if (found === undefined) return { path, text: '', rights: { mode: 0o644 } }
  const why = distrust(found)
  if (why !== undefined) throw refuse(`cannot use ${loadFile}: ${why}; expected owner root and mode 0644`)
  const rights = { mode: Number(found.mode & 0o777n), uid: Number(found.uid), gid: Number(found.gid) }
  return { path, text: textOfBytes(Buffer.concat([...blocksOf(path, maxLoadFileBytes, false)])), rights }
}

function save(opened: Opened, edit: LoadFileEdit): Listing {
  const isChanged = edit.text !== opened.text
  if (isChanged) putWhole(opened.path, opened.rights, [bytesOfText(edit.text)])
  return { isChanged, removed: edit.removed }
}

function isAbove(directory: string, path: string): boolean {
  if (!isAbsolute(directory)) return false
  const way = relative(directory, path)
  return way !== '' && !way.startsWith('..') && !isAbsolute(way)
}
