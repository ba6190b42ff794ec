/**
 * The resource tree of a PE image: finds the first resource of one type.
 *
 * The tree has three levels (type, name, language) and its links are plain offsets, so a hostile file can make it a
 * loop, a net or a million entries wide. Depth, width and the number of directories are capped and no directory is
 * read twice. Names, code pages and languages are not decoded.
 * https://learn.microsoft.com/windows/win32/debug/pe-format#the-rsrc-section
 */
import type { BoundedFile } from './bounded-file.ts'
import { Bytes } from './bytes.ts'
import { type Extent, offsetOf, type PeImage } from './pe.ts'
import { type Refusal, refuse } from './refusal.ts'

/** Entries looked at in one directory: an application with an icon for every file type has some hundred. */
const maxEntries = 1024
/** Directories read in all: a version resource needs three, one in many languages a few more. */
const maxDirectories = 32
const levels = 3
const isSubdirectory = 0x8000_0000

/** The bytes of the first resource of type `type`, at most `maxLength`; undefined when there is none. */
export async function readResource(
  file: BoundedFile,
  image: PeImage,
  type: number,
  maxLength: number,
): Promise<Uint8Array | Refusal | undefined> {
  const root = image.resources
  if (!root) return undefined
  const visited = new Set<number>()
  const pending: { readonly at: number; readonly level: number }[] = [{ at: 0, level: 0 }]
  // The list grows while it is walked: breadth first, each directory's first entry first.
  for (const next of pending) {
    if (visited.has(next.at)) continue
    if (visited.size >= maxDirectories)
      return refuse(`damaged PE image: more than ${maxDirectories} resource directories`)
    visited.add(next.at)
    const targets = await readDirectory(file, image, root, next.at, next.level === 0 ? type : undefined)
    if (!targets) return refuse('damaged PE image: a resource directory lies outside the file')
    for (const target of targets) {
      if (target < isSubdirectory) return readData(file, image, root, target, maxLength)
      if (next.level + 1 < levels) pending.push({ at: target - isSubdirectory, level: next.level + 1 })
    }
  }
  return undefined
}

/** Targets of a directory's entries in their order: all of them, or those of one id. */
async function readDirectory(
  file: BoundedFile,
  image: PeImage,
  root: Extent,
  at: number,
  id: number | undefined,
): Promise<readonly number[] | undefined> {
  const offset = offsetOf(image, root.offset + at)
  const header = offset === undefined ? undefined : await file.read(offset, 16)
  if (!header || offset === undefined) return undefined
  const counts = new Bytes(header)
  const count = Math.min((counts.u16(12) ?? 0) + (counts.u16(14) ?? 0), maxEntries)
  const table = await file.read(offset + 16, count * 8)
  if (!table) return undefined
  const entries = new Bytes(table)
  const targets: number[] = []
  for (let i = 0; i < count; i++) {
    if (id === undefined || entries.u32(i * 8) === id) targets.push(entries.u32(i * 8 + 4) ?? 0)
  }
  return targets
}

async function readData(
  file: BoundedFile,
  image: PeImage,
  root: Extent,
  at: number,
  maxLength: number,
): Promise<Uint8Array | Refusal> {
  const offset = offsetOf(image, root.offset + at)
  const entry = offset === undefined ? undefined : await file.read(offset, 16)
  if (!entry) return refuse('damaged PE image: a resource entry lies outside the file')
  const fields = new Bytes(entry)
  const size = fields.u32(4) ?? 0
  if (size > maxLength) return refuse(`damaged PE image: a resource of ${size} bytes; expected at most ${maxLength}`)
  const dataOffset = offsetOf(image, fields.u32(0) ?? 0)
  const data = dataOffset === undefined ? undefined : await file.read(dataOffset, size)
  return data ?? refuse('damaged PE image: a resource lies outside the file')
}
