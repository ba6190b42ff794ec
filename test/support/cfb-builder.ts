/**
 * OLE compound files of version 3, and Windows installers, which are compound files with packed names and a database.
 *
 * Streams below 4096 bytes go into the stream of small sectors, as the format asks; the directory is a balanced tree.
 * https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb
 */
import { field, join, le, padTo, utf16, zeros } from './byte-writer.ts'

const sector = 512
const smallSector = 64
const cutoff = 4096
const endOfChain = 0xffff_fffe
const free = 0xffff_ffff
const fatMark = 0xffff_fffd

/** Builds a compound file from streams by name. */
export function compoundFile(streams: ReadonlyMap<string, Uint8Array>, classId = zeros(16)): Uint8Array {
  const names = [...streams.keys()].sort((a, b) => a.length - b.length || (a.toUpperCase() < b.toUpperCase() ? -1 : 1))
  const fat: number[] = []
  const body: Uint8Array[] = []
  const add = (content: Uint8Array): number => {
    const count = Math.ceil(content.length / sector)
    if (count === 0) return endOfChain
    const start = fat.length
    for (let i = 1; i < count; i++) fat.push(start + i)
    fat.push(endOfChain)
    body.push(padTo(content, sector))
    return start
  }
  const smallFat: number[] = []
  const small: Uint8Array[] = []
  const places = names.map((name) => {
    const content = streams.get(name) ?? zeros(0)
    if (content.length >= cutoff) return { start: add(content), size: content.length }
    const count = Math.ceil(content.length / smallSector)
    const start = count === 0 ? endOfChain : smallFat.length
    for (let i = 1; i <= count; i++) smallFat.push(i < count ? start + i : endOfChain)
    small.push(padTo(content, smallSector))
    return { start, size: content.length }
  })
  const smallStream = join(...small)
  const smallStart = add(smallStream)
  const smallFatBytes = padTo(join(...smallFat.map((next) => le(next, 4))), sector)
  const smallFatStart = add(filled(smallFatBytes, smallFat.length))
  const tree = new Tree(names.length)
  const rows = [
    entry('Root Entry', 5, { start: smallStart, size: smallStream.length }, free, free, tree.root, classId),
    ...names.map((name, i) =>
      entry(name, 2, places[i] ?? { start: endOfChain, size: 0 }, tree.left[i] ?? free, tree.right[i] ?? free, free),
    ),
  ]
  while (rows.length % 4 !== 0) rows.push(join(zeros(68), le(free, 4), le(free, 4), le(free, 4), zeros(48)))
  const directoryStart = add(join(...rows))
  const fatCount = Math.ceil(fat.length / (sector / 4 - 1))
  const fatStart = fat.length
  for (let i = 0; i < fatCount; i++) fat.push(fatMark)
  while (fat.length < (fatCount * sector) / 4) fat.push(free)
  const listed = Array.from({ length: 109 }, (_, i) => le(i < fatCount ? fatStart + i : free, 4))
  const header = join(
    join(Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1), zeros(16), le(0x3e, 2), le(3, 2)),
    join(le(0xfffe, 2), le(9, 2), le(6, 2), zeros(10), le(fatCount, 4), le(directoryStart, 4), zeros(4)),
    join(le(cutoff, 4), le(smallFatStart, 4), le(smallFatBytes.length / sector, 4), le(endOfChain, 4), le(0, 4)),
    ...listed,
  )
  return join(header, ...body, ...fat.map((next) => le(next, 4)))
}

/** A Windows installer with cabinets and the names that their members get. */
export function installer(shape: {
  readonly cabinets: ReadonlyMap<string, Uint8Array>
  /** Long name by the key that the file has in its cabinet. */
  readonly files: ReadonlyMap<string, string>
}): Uint8Array {
  const strings: string[] = []
  const text = (value: string): Uint8Array => {
    if (!strings.includes(value)) strings.push(value)
    return le(strings.indexOf(value) + 1, 2)
  }
  const integer = (value: number, width: 2 | 4): Uint8Array => le(value + (width === 2 ? 0x8000 : 0x8000_0000), width)
  const columns: readonly (readonly [string, number])[] = [
    ['File', 0x2d48],
    ['FileName', 0x0fff],
    ['FileSize', 0x0104],
    ['Sequence', 0x0502],
  ]
  const tables = join(...columns.map(() => text('File')))
  const numbers = join(...columns.map((_, i) => integer(i + 1, 2)))
  const kinds = join(...columns.map(([, kind]) => integer(kind, 2)))
  const described = join(tables, numbers, ...columns.map(([name]) => text(name)), kinds)
  const files = [...shape.files]
  const rows = join(
    ...files.map(([key]) => text(key)),
    ...files.map(([, name], i) => text(`SHORT${i}~1|${name}`)),
    ...files.map(() => integer(1, 4)),
    ...files.map((_, i) => integer(i + 1, 2)),
  )
  const pool = join(le(65001, 4), ...strings.map((value) => join(le(join(value).length, 2), le(1, 2))))
  const streams: [string, Uint8Array][] = [
    [table('_StringPool'), pool],
    [table('_StringData'), join(...strings)],
    [table('_Columns'), described],
    [table('File'), rows],
    ...[...shape.cabinets].map(([name, content]): [string, Uint8Array] => [packed(name), content]),
  ]
  return compoundFile(new Map(streams), installerClass)
}

/** {000C1084-0000-0000-C000-000000000046}. */
const installerClass = join(le(0x000c1084, 4), zeros(4), Uint8Array.of(0xc0, 0, 0, 0, 0, 0, 0, 0x46))

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._'

function table(name: string): string {
  return `\u4840${packed(name)}`
}

/** Two letters of the alphabet in one; a last single one by itself, others as they are. */
function packed(name: string): string {
  let out = ''
  for (let i = 0; i < name.length; i++) {
    const first = alphabet.indexOf(name.charAt(i))
    const second = i + 1 < name.length ? alphabet.indexOf(name.charAt(i + 1)) : -1
    if (first < 0) out += name.charAt(i)
    else if (second < 0) out += String.fromCharCode(0x4800 + first)
    else {
      out += String.fromCharCode(0x3800 + first + (second << 6))
      i += 1
    }
  }
  return out
}

/** Links of a balanced tree over entries in order; the root entry is number 0 in the file. */
class Tree {
  readonly left: number[] = []
  readonly right: number[] = []
  readonly root: number

  constructor(count: number) {
    this.root = this.#link(0, count)
  }

  #link(from: number, to: number): number {
    if (from >= to) return free
    const middle = (from + to) >> 1
    this.left[middle] = this.#link(from, middle)
    this.right[middle] = this.#link(middle + 1, to)
    return middle + 1
  }
}

function entry(
  name: string,
  kind: number,
  { start, size }: { readonly start: number; readonly size: number },
  left: number,
  right: number,
  child: number,
  classId = zeros(16),
): Uint8Array {
  const length = le((name.length + 1) * 2, 2)
  const links = join(le(left, 4), le(right, 4), le(child, 4))
  return join(
    field(utf16(name), 64),
    length,
    Uint8Array.of(kind, 1),
    links,
    classId,
    zeros(20),
    le(start, 4),
    le(size, 8),
  )
}

function filled(bytes: Uint8Array, count: number): Uint8Array {
  const out = bytes.slice()
  out.fill(0xff, count * 4)
  return out
}
