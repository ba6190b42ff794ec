/**
 * One page of a b-tree: its cells, as far as they can be told.
 *
 * https://www.sqlite.org/fileformat2.html#b_tree_pages
 */
import { pageSize } from '../store-file.ts'
import { varint } from './record.ts'

/** Leaves and interior pages of tables (by rowid) and of indices (also tables without rowid). */
export type PageKind = 'table_leaf' | 'table_interior' | 'index_leaf' | 'index_interior'

const kinds: Readonly<Record<number, PageKind>> = {
  2: 'index_interior',
  5: 'table_interior',
  10: 'index_leaf',
  13: 'table_leaf',
}

/** Where a row's bytes are: in the page, and behind it in a chain of overflow pages. */
export interface Cell {
  readonly rowid: number
  /** All bytes of the row. */
  readonly length: number
  /** Place and number of those in this page. */
  readonly start: number
  readonly local: number
  /** First overflow page; 0: none. */
  readonly overflow: number
}

/** A page that is one of a tree. */
export interface TreePage {
  readonly kind: PageKind
  readonly cells: readonly Cell[]
  readonly children: readonly number[]
  /** Whether every cell could be read. */
  readonly isWhole: boolean
}

/** Reads a page; undefined when it is none of a tree. The first page of a file has the file's header before it. */
export function readTreePage(page: Buffer<ArrayBuffer>, number: number): TreePage | undefined {
  const base = number === 1 ? 100 : 0
  const kind = kinds[page[base] ?? 0]
  if (!kind) return undefined
  const isInterior = kind.endsWith('interior')
  const pointers = base + (isInterior ? 12 : 8)
  const count = page.readUInt16BE(base + 3)
  if (pointers + 2 * count > pageSize) return undefined
  const cells: Cell[] = []
  const children: number[] = []
  let isWhole = true
  for (let at = 0; at < count; at++) {
    const start = page.readUInt16BE(pointers + 2 * at)
    const isInside = start >= pointers + 2 * count && start + 4 <= pageSize
    if (isInside && isInterior) children.push(page.readUInt32BE(start))
    const cell = isInside ? readCell(page, isInterior ? start + 4 : start, kind) : undefined
    if (cell) cells.push(cell)
    else if (!isInside || kind !== 'table_interior') isWhole = false
  }
  if (isInterior) children.push(page.readUInt32BE(base + 8))
  return { kind, cells, children, isWhole }
}

function readCell(page: Buffer<ArrayBuffer>, at: number, kind: PageKind): Cell | undefined {
  if (kind === 'table_interior') return undefined
  const length = varint(page, at)
  const rowid = length && kind === 'table_leaf' ? varint(page, length.end) : undefined
  if (!length || (kind === 'table_leaf' && !rowid)) return undefined
  const start = rowid?.end ?? length.end
  const local = localBytes(
    length.value,
    kind === 'table_leaf' ? pageSize - 35 : Math.floor(((pageSize - 12) * 64) / 255) - 23,
  )
  const isSpilt = local < length.value
  if (start + local + (isSpilt ? 4 : 0) > pageSize) return undefined
  const overflow = isSpilt ? page.readUInt32BE(start + local) : 0
  return { rowid: rowid?.value ?? 0, length: length.value, start, local, overflow }
}

/** How many bytes of a row stay in the page. */
function localBytes(length: number, most: number): number {
  if (length <= most) return length
  const least = Math.floor(((pageSize - 12) * 32) / 255) - 23
  const fitting = least + ((length - least) % (pageSize - 4))
  return fitting <= most ? fitting : least
}
