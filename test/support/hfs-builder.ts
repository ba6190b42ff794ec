/**
 * HFS+ volumes with a handful of files: header, extents tree without records, catalog of one leaf.
 *
 * Blocks of 512 bytes keep them small. Enough for readers, not for a system that would mount and check them.
 * https://developer.apple.com/library/archive/technotes/tn/tn1150.html
 */
import { be, field, join, padTo, utf16, zeros } from './byte-writer.ts'

/** One file; folders on its path are made. */
export interface HfsFile {
  readonly path: string
  readonly content: Uint8Array
  /** Size and number of blocks that the catalog claims. */
  readonly claims?: { readonly size?: number; readonly blocks?: number }
  /** Packed by the file system: the data fork is empty then. */
  readonly isCompressed?: boolean
  /** Split over pieces of one block each, with a block between them that is nobody's. */
  readonly isScattered?: boolean
}

const block = 512
const nodeSize = 8192
const rootFolder = 2
const firstId = 16

interface Extent {
  readonly start: number
  readonly count: number
}

/** Where the catalog file begins, its header node first; the leaf is one node behind. */
export const catalogAt = block * 4 + nodeSize * 2

/** Builds the volume. */
export function hfsVolume(files: readonly HfsFile[], name = 'Volume'): Uint8Array {
  const ids = new Map<string, number>([['', rootFolder]])
  const records: { readonly parent: number; readonly name: string; readonly bytes: Uint8Array }[] = []
  const addFolder = (path: string): number => {
    const known = ids.get(path)
    if (known !== undefined) return known
    const [parent, last] = split(path)
    const above = addFolder(parent)
    const id = firstId + ids.size + 1000
    ids.set(path, id)
    records.push(record(above, last, folderData(id)), record(id, '', threadData(3, above, last)))
    return id
  }
  records.push(record(1, name, folderData(rootFolder)), record(rootFolder, '', threadData(3, 1, name)))
  const contentAt = catalogAt / block + (nodeSize * 2) / block
  const contents: Uint8Array[] = []
  const overflow: Uint8Array[] = []
  let next = contentAt
  for (const [index, file] of files.entries()) {
    const [folder, last] = split(file.path)
    const content = padTo(file.content, block)
    const count = content.length / block
    const extents = file.isScattered
      ? Array.from({ length: count }, (_, i) => ({ start: next + 2 * i, count: 1 }))
      : [{ start: next, count }]
    for (let i = 0; file.isScattered && i < count; i++) {
      contents.push(content.subarray(i * block, (i + 1) * block), zeros(block))
    }
    if (!file.isScattered) contents.push(content)
    next += file.isScattered ? 2 * count : count
    const id = firstId + index
    for (let from = 8; from < extents.length; from += 8) {
      const key = join(be(10, 2), Uint8Array.of(0, 0), be(id, 4), be(from, 4))
      overflow.push(join(key, extentRow(extents.slice(from, from + 8))))
    }
    records.push(record(addFolder(folder), last, fileData(id, file, extents)))
  }
  records.sort((a, b) => a.parent - b.parent || (a.name < b.name ? -1 : 1))
  const catalog = tree(
    records.map((one) => one.bytes),
    516,
  )
  const extentsTree = tree(overflow, 10)
  const body = join(...contents)
  const total = next + 2
  const fork = (start: number, size: number): Uint8Array => forkData(size, [{ start, count: size / block }])
  const header = join(
    join('H+', be(4, 2), be(0x100, 4), zeros(4), be(0, 4), zeros(16), be(files.length, 4), be(ids.size - 1, 4)),
    join(be(block, 4), be(total, 4), zeros(8), zeros(8), be(5000, 4), zeros(4), zeros(8), zeros(32)),
    join(fork(2, 0), forkData(nodeSize * 2, [{ start: 4, count: (nodeSize * 2) / block }])),
    join(fork(catalogAt / block, nodeSize * 2), zeros(80), zeros(80)),
  )
  return join(zeros(1024), field(header, 1024), extentsTree, catalog, body, field(header, 1024))
}

function split(path: string): [string, string] {
  const at = path.lastIndexOf('/')
  return at < 0 ? ['', path] : [path.slice(0, at), path.slice(at + 1)]
}

function record(parent: number, name: string, data: Uint8Array) {
  const key = join(be(parent, 4), be(name.length, 2), utf16(name, false))
  return { parent, name, bytes: join(be(key.length, 2), key, data) }
}

function folderData(id: number): Uint8Array {
  return field(join(be(1, 2), zeros(6), be(id, 4), zeros(20), zeros(8), zeros(2), be(0x41ed, 2)), 88)
}

function threadData(kind: number, parent: number, name: string): Uint8Array {
  return join(be(kind, 2), zeros(2), be(parent, 4), be(name.length, 2), utf16(name, false))
}

function fileData(id: number, file: HfsFile, extents: readonly Extent[]): Uint8Array {
  const size = file.claims?.size ?? (file.isCompressed ? 0 : file.content.length)
  const blocks = file.claims?.blocks
  const placed = blocks === undefined ? extents : extents.map((extent) => ({ ...extent, count: blocks }))
  const flags = Uint8Array.of(0, file.isCompressed ? 0x20 : 0)
  return join(
    join(be(2, 2), be(2, 2), zeros(4), be(id, 4), zeros(20), zeros(8), flags, be(0x81a4, 2), zeros(4), zeros(40)),
    forkData(size, file.isCompressed ? [] : placed),
    zeros(80),
  )
}

function forkData(size: number, extents: readonly Extent[]): Uint8Array {
  const blocks = extents.reduce((sum, extent) => sum + extent.count, 0)
  return join(be(size, 8), be(0, 4), be(blocks, 4), extentRow(extents.slice(0, 8)))
}

function extentRow(extents: readonly Extent[]): Uint8Array {
  return field(join(...extents.map(({ start, count }) => join(be(start, 4), be(count, 4)))), 64)
}

/** A header node and one leaf; without records the tree is empty. */
function tree(records: readonly Uint8Array[], maxKey: number): Uint8Array {
  const leaf = records.length > 0 ? 1 : 0
  const header = join(
    join(be(0, 8), Uint8Array.of(1, 0), be(3, 2), be(0, 2)),
    join(be(leaf, 2), be(leaf, 4), be(records.length, 4), be(leaf, 4), be(leaf, 4), be(nodeSize, 2), be(maxKey, 2)),
    join(be(2, 4), be(1 - leaf, 4), be(0, 2), be(nodeSize, 4), Uint8Array.of(0, 0xcf), be(6, 4), zeros(64)),
  )
  const map = nodeSize - 256
  const offsets = join(be(map, 2), be(248, 2), be(120, 2), be(14, 2))
  const headerNode = join(field(header, nodeSize - offsets.length), offsets)
  return join(headerNode, leafNode(records))
}

function leafNode(records: readonly Uint8Array[]): Uint8Array {
  const offsets: number[] = []
  let at = 14
  for (const one of records) {
    offsets.push(at)
    at += one.length
  }
  offsets.push(at)
  const table = join(...offsets.reverse().map((offset) => be(offset, 2)))
  if (at + table.length > nodeSize) throw new Error(`the records need ${at + table.length} bytes, of ${nodeSize}`)
  const descriptor = join(be(0, 8), Uint8Array.of(0xff, 1), be(records.length, 2), be(0, 2))
  return join(field(join(descriptor, ...records), nodeSize - table.length), table)
}
