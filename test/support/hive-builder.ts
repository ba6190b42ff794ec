/**
 * A registry hive made by code: keys, values of every type, lists of every kind, long data in segments.
 *
 * One bin, all cells allocated, checksum and sequence numbers in order, so that other readers accept it too.
 * The format: https://github.com/msuhanov/regf
 */
import { join, le, padTo, utf16, zeros } from './byte-writer.ts'

/** A value: texts, numbers of 32 bits, numbers of 64 bits, lists of texts, bytes. */
export type HiveValue = string | number | bigint | readonly string[] | Uint8Array

/** A key and what is below it. */
export interface HiveKey {
  /** Unix seconds. */
  readonly lastWritten?: number
  readonly values?: Readonly<Record<string, HiveValue>>
  readonly keys?: Readonly<Record<string, HiveKey>>
}

/** How sub-keys are listed. `ri` is a list of lists. */
export type HiveList = 'lf' | 'lh' | 'li' | 'ri'

/** Options of the writing. */
export interface HiveStyle {
  readonly list?: HiveList
  /** Names in UTF-16 instead of one byte per character. */
  readonly isWide?: boolean
}

const none = 0xffffffff
const segment = 16344

/** A hive. */
export function hive(root: HiveKey, style: HiveStyle = {}): Uint8Array<ArrayBuffer> {
  const cells = new Cells()
  const at = key(cells, 'ROOT', root, none, style, 0x2c)
  const bins = cells.bins()
  const head = join(
    'regf',
    ...[7, 7].map((n) => le(n, 4)),
    filetime(1_679_000_000),
    ...[1, 5, 0, 1, at, bins.length, 1].map((n) => le(n, 4)),
    zeros(460),
  )
  let checksum = 0
  for (let i = 0; i < 508; i += 4) checksum ^= new DataView(head.buffer).getUint32(i, true)
  return join(head, le(checksum >>> 0, 4), zeros(4096 - 512), bins)
}

/** Cells of one bin, each at the offset it is referred to by. */
class Cells {
  readonly #pieces: Uint8Array[] = []
  #length = 32

  add(content: Uint8Array): number {
    const cell = padTo(join(zeros(4), content), 8)
    cell.set(le(BigInt.asUintN(32, BigInt(-cell.length)), 4))
    const at = this.#length
    this.#pieces.push(cell)
    this.#length += cell.length
    return at
  }

  bins(): Uint8Array {
    const size = Math.ceil((this.#length + 8) / 4096) * 4096
    const free = size - this.#length
    const head = join('hbin', le(0, 4), le(size, 4), zeros(8), filetime(1_679_000_000), le(0, 4))
    return Buffer.concat([head, ...this.#pieces, le(free, 4), zeros(free - 4)])
  }
}

function key(cells: Cells, name: string, node: HiveKey, parent: number, style: HiveStyle, flags = 0x20): number {
  const values = Object.entries(node.values ?? {}).map(([one, data]) => value(cells, one, data, style))
  const valueList = values.length === 0 ? none : cells.add(join(...values.map((at) => le(at, 4))))
  // Windows sorts sub-keys by their upper-case names.
  const names = Object.keys(node.keys ?? {}).sort((a, b) => (a.toUpperCase() < b.toUpperCase() ? -1 : 1))
  const children = names.map((one) => ({ name: one, at: key(cells, one, node.keys?.[one] ?? {}, 0, style) }))
  const list = children.length === 0 ? none : listOf(cells, children, style.list ?? 'lh')
  const written = nameBytes(name, style)
  return cells.add(
    join(
      'nk',
      le(style.isWide ? flags & ~0x20 : flags, 2),
      filetime(node.lastWritten ?? 1_679_000_000),
      ...[0, parent, children.length, 0, list, none, values.length, valueList, none, none].map((n) => le(n, 4)),
      ...[0, 0, 0, 0, 0].map((n) => le(n, 4)),
      le(written.length, 2),
      le(0, 2),
      written,
    ),
  )
}

function listOf(cells: Cells, children: readonly { name: string; at: number }[], kind: HiveList): number {
  if (kind === 'ri') {
    const halves = [children.slice(0, children.length >> 1), children.slice(children.length >> 1)]
    const lists = halves.filter((half) => half.length > 0).map((half) => listOf(cells, half, 'li'))
    return cells.add(join('ri', le(lists.length, 2), ...lists.map((at) => le(at, 4))))
  }
  const entry = (one: { name: string; at: number }) =>
    join(le(one.at, 4), kind === 'li' ? '' : kind === 'lf' ? hint(one.name) : le(hash(one.name), 4))
  return cells.add(join(kind, le(children.length, 2), ...children.map(entry)))
}

function value(cells: Cells, name: string, data: HiveValue, style: HiveStyle): number {
  const { type, bytes } = encoded(data)
  const written = nameBytes(name, style)
  const isInline = bytes.length <= 4
  const at = isInline ? join(bytes, zeros(4 - bytes.length)) : le(dataCell(cells, bytes), 4)
  const length = isInline ? bytes.length + 2 ** 31 : bytes.length
  const flags = style.isWide ? 0 : 1
  return cells.add(join('vk', le(written.length, 2), le(length, 4), at, le(type, 4), le(flags, 2), le(0, 2), written))
}

function dataCell(cells: Cells, bytes: Uint8Array): number {
  if (bytes.length <= segment) return cells.add(bytes)
  const parts = Array.from({ length: Math.ceil(bytes.length / segment) }, (_, i) =>
    cells.add(bytes.subarray(i * segment, (i + 1) * segment)),
  )
  const list = cells.add(join(...parts.map((at) => le(at, 4))))
  return cells.add(join('db', le(parts.length, 2), le(list, 4)))
}

function encoded(data: HiveValue): { type: number; bytes: Uint8Array } {
  if (typeof data === 'string') return { type: 1, bytes: utf16(`${data}\0`) }
  if (typeof data === 'number') return { type: 4, bytes: le(data, 4) }
  if (typeof data === 'bigint') return { type: 11, bytes: le(data, 8) }
  if (data instanceof Uint8Array) return { type: 3, bytes: data }
  return { type: 7, bytes: utf16(`${data.map((one) => `${one}\0`).join('')}\0`) }
}

function nameBytes(name: string, style: HiveStyle): Uint8Array {
  return style.isWide ? utf16(name) : Uint8Array.from(name, (one) => one.charCodeAt(0))
}

function hint(name: string): Uint8Array {
  return Uint8Array.from({ length: 4 }, (_, i) => (name.charCodeAt(i) > 255 ? 0 : name.charCodeAt(i) || 0))
}

function hash(name: string): number {
  return [...name.toUpperCase()].reduce((sum, one) => (sum * 37 + one.charCodeAt(0)) >>> 0, 0)
}

function filetime(seconds: number): Uint8Array {
  return le((BigInt(seconds) + 11_644_473_600n) * 10_000_000n, 8)
}
