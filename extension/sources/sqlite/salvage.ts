/**
 * Rows of a database that SQLite refuses: every page is looked at for itself, and what is a leaf of a table is read.
 *
 * No page is trusted to tell of another, but for the rest of a long row. Pages that nobody refers to any more are read
 * too, so a deleted row can appear. Work is billed by byte: pages whose cells all point to one large row end it.
 * https://sqlite.org/fileformat2.html#b_tree_pages
 */
import { type DatabaseHeader, headerBytes, isPageSize, readHeader, varint, viewOf } from './header.ts'
import type { SalvagedRow } from './messages.ts'
import type { NeedleSearch } from './needle-search.ts'

const tableLeaf = 0x0d
const btreeTypes = new Set([0x02, 0x05, 0x0a, 0x0d])
/** A row beyond this is read to here; a URL of Chromium has at most 2 MB, its host stands at the start. */
const maxRow = 64 << 10
const maxColumns = 200

/** Bounds of one database. */
export interface SalvageLimits {
  readonly maxRows: number
  readonly isLate: () => boolean
}

/** What was found, and whether a bound ended it. */
export interface Salvage {
  readonly rows: readonly SalvagedRow[]
  readonly pages: number
  readonly isCut: boolean
}

/** Reads every page. */
export function salvage(bytes: Uint8Array, needles: NeedleSearch, { maxRows, isLate }: SalvageLimits): Salvage {
  const header = readHeader(bytes) ?? guessedHeader(bytes)
  const rows: SalvagedRow[] = []
  const total = Math.ceil(bytes.length / header.pageSize)
  let bill = 4 * bytes.length + (1 << 20)
  for (let page = 1; page <= total; page++) {
    if (rows.length >= maxRows || bill < 0 || ((page & 63) === 0 && isLate())) {
      return { rows, pages: page - 1, isCut: true }
    }
    for (const cell of cellsOf(bytes, page, header)) {
      const payload = payloadOf(bytes, cell.at, cell.pageEnd, header)
      if (payload === undefined) {
        bill -= 8
        continue
      }
      bill -= payload.data.length + 8
      const texts = textsOf(payload.data, header).filter((text) => needles.isIn(text))
      if (texts.length > 0) rows.push({ page, rowid: payload.rowid, texts })
      if (rows.length >= maxRows || bill < 0) break
    }
  }
  return { rows, pages: total, isCut: false }
}

/** The page size under which most pages begin as one; a first page can be what is damaged. */
function guessedHeader(bytes: Uint8Array): DatabaseHeader {
  let best = { pageSize: 4096, share: 0 }
  for (const pageSize of [4096, 32768, 1024, 8192, 16384, 2048, 65536, 512]) {
    if (!isPageSize(pageSize)) continue
    const pages = Math.floor(bytes.length / pageSize)
    let plausible = 0
    for (let page = 1; page < pages; page++) if (btreeTypes.has(bytes[page * pageSize] ?? 0)) plausible += 1
    const share = pages > 1 ? plausible / (pages - 1) : 0
    if (share > best.share) best = { pageSize, share }
  }
  return { pageSize: best.pageSize, reserved: 0, isUtf16: false }
}

function* cellsOf(bytes: Uint8Array, page: number, { pageSize, reserved }: DatabaseHeader) {
  const start = (page - 1) * pageSize
  const head = page === 1 ? start + headerBytes : start
  if (bytes[head] !== tableLeaf || head + 8 > bytes.length) return
  const view = viewOf(bytes)
  const pageEnd = Math.min(start + pageSize - reserved, bytes.length)
  const count = Math.min(view.getUint16(head + 3), Math.floor((pageEnd - head - 8) / 2))
  for (let i = 0; i < count; i++) {
    const at = start + view.getUint16(head + 8 + 2 * i)
    if (at >= head + 8 && at < pageEnd) yield { at, pageEnd }
  }
}

/** The row of a cell, gathered from its overflow pages up to the bound. */
function payloadOf(
  bytes: Uint8Array,
  at: number,
  pageEnd: number,
  { pageSize, reserved }: DatabaseHeader,
): { data: Uint8Array; rowid: number } | undefined {
  const length = varint(bytes, at)
  const rowid = length && varint(bytes, length.next)
  if (!length || !rowid || length.value < 2) return undefined
  const usable = pageSize - reserved
  const start = rowid.next
  const { value: total } = length
  if (total <= usable - 35) {
    return start + total <= pageEnd ? { data: bytes.subarray(start, start + total), rowid: rowid.value } : undefined
  }
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const most = least + ((total - least) % (usable - 4))
  const local = most <= usable - 35 ? most : least
  if (start + local + 4 > pageEnd) return undefined
  const data = new Uint8Array(Math.min(total, maxRow))
  let filled = Math.min(local, data.length)
  data.set(bytes.subarray(start, start + filled))
  const view = viewOf(bytes)
  let next = view.getUint32(start + local)
  while (filled < data.length && next > 0) {
    const from = (next - 1) * pageSize
    if (from + 4 >= bytes.length) break
    const piece = bytes.subarray(from + 4, Math.min(from + usable, from + 4 + data.length - filled, bytes.length))
    if (piece.length === 0) break
    data.set(piece, filled)
    filled += piece.length
    next = view.getUint32(from)
  }
  return { data: data.subarray(0, filled), rowid: rowid.value }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const utf16 = new TextDecoder('utf-16le', { ignoreBOM: true })

/** Texts of a row; a last one that the bound or the damage cut is given as far as it is there. */
function textsOf(row: Uint8Array, { isUtf16 }: DatabaseHeader): string[] {
  const size = varint(row, 0)
  if (!size || size.value < 2 || size.value > row.length) return []
  const texts: string[] = []
  let at = size.value
  let column = size.next
  for (let i = 0; i < maxColumns && column < size.value && at < row.length; i++) {
    const type = varint(row, column)
    if (!type) break
    column = type.next
    const length = lengthOf(type.value)
    if (length === undefined) break
    const isText = type.value >= 13 && type.value % 2 === 1
    if (isText && length > 3) texts.push((isUtf16 ? utf16 : utf8).decode(row.subarray(at, at + length)))
    at += length
  }
  return texts
}

/** Bytes a value takes, by its serial type. */
function lengthOf(type: number): number | undefined {
  if (type >= 12) return Math.floor((type - 12) / 2)
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type]
}
