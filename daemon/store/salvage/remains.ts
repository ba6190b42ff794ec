/**
 * What can still be read of a damaged database, page by page, without SQLite.
 *
 * Pages of the write-ahead log stand before those of the file. Leaves are found by looking at every page, so a damaged
 * page above them loses nothing. Pages on the list of free ones are passed over where rows are asked for: their rows
 * were deleted. Memory is one page and one row, besides a few bytes per page.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import type { SQLOutputValue } from 'node:sqlite'
import { pageSize } from '../store-file.ts'
import { type Cell, readTreePage } from './btree-page.ts'
import { readRecord } from './record.ts'
import { readWal, type WalFrame } from './wal-frames.ts'

/** A row, with where it was found. */
export interface RemainingRow {
  readonly rowid: number
  /** In the order of the record; the column that is the rowid is null. */
  readonly values: readonly SQLOutputValue[]
}

/** Longest row that is put together; longer ones are claims of a damaged page. */
const maxRowBytes = 1 << 28

/** A damaged database, opened for reading. */
export class Remains {
  /** Whether something that was committed to the write-ahead log cannot be told from what it holds. */
  readonly isWalDamaged: boolean
  /** Pages of trees that could not be read. */
  unreadablePages = 0
  readonly #file: number | undefined
  readonly #wal: number | undefined
  readonly #frames: readonly WalFrame[]
  /** Page to where its newest whole version is in the log. */
  readonly #logged = new Map<number, number>()
  readonly #filePages: number
  readonly pageCount: number
  #free: Set<number> | undefined
  /** Pages that a tree leads to, once all were walked. */
  #reached: Set<number> | undefined
  /** Tables whose tree is not whole, or not to be found. */
  readonly #broken = new Set<string>()

  readonly path: string

  constructor(path: string) {
    this.path = path
    const wal = `${path}-wal`
    const content = readWal(wal)
    this.isWalDamaged = content.isDamaged
    this.#frames = content.frames
    this.#file = existsSync(path) ? openSync(path, 'r') : undefined
    this.#wal = this.#frames.length > 0 ? openSync(wal, 'r') : undefined
    this.#filePages = this.#file === undefined ? 0 : Math.ceil(fstatSync(this.#file).size / pageSize)
    for (const frame of this.#frames) if (frame.isWhole) this.#logged.set(frame.page, frame.offset)
    this.pageCount = Math.max(this.#filePages, ...this.#logged.keys(), 0)
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    if (this.#wal !== undefined) closeSync(this.#wal)
  }

  /** Number of images: every page of the file, then every page in the log, damaged and outdated ones included. */
  get imageCount(): number {
    return this.#filePages + this.#frames.length
  }

  /** One image, from 0; a cut one is filled with zeros. */
  image(at: number): Buffer<ArrayBuffer> {
    const frame = this.#frames[at - this.#filePages]
    return frame && at >= this.#filePages ? read(this.#wal, frame.offset) : read(this.#file, at * pageSize)
  }

  /** A page as it was last committed, from 1; zeros where there is none. */
  page(number: number): Buffer<ArrayBuffer> {
    const offset = this.#logged.get(number)
    return offset === undefined ? read(this.#file, (number - 1) * pageSize) : read(this.#wal, offset)
  }

  /** Rows of a table that the tree still leads to, in its order; those of a table without rowid come in no order. */
  *rows(table: string): Generator<RemainingRow> {
    this.#walkAll()
    const root = this.#schema().get(table)
    if (root !== undefined) yield* this.#tree(root, () => {})
  }

  /** Whether the tree of a table leads to all of its rows. */
  isWhole(table: string): boolean {
    this.#walkAll()
    return this.#schema().has(table) && !this.#broken.has(table)
  }

  /** Rows of leaves that no tree leads to: of tables that lost the pages above them. Of which, nobody can say for sure. */
  *orphans(): Generator<RemainingRow & { readonly hasRowid: boolean }> {
    const reached = this.#walkAll()
    this.#free ??= this.#freePages()
    for (let number = 1; number <= this.pageCount; number++) {
      if (this.#free.has(number) || reached.has(number)) continue
      const bytes = this.page(number)
      const page = readTreePage(bytes, number)
      if (page?.kind !== 'table_leaf' && page?.kind !== 'index_leaf') continue
      for (const cell of page.cells) {
        const row = this.#row(bytes, cell)
        if (row) yield { ...row, hasRowid: page.kind === 'table_leaf' }
      }
    }
  }

  /** Rows of all leaves of tables by rowid, of whatever table, in use as far as the list of free pages tells. */
  *leaves(): Generator<RemainingRow & { readonly page: number; readonly cell: number }> {
    this.#free ??= this.#freePages()
    for (let number = 1; number <= this.pageCount; number++) {
      if (this.#free.has(number)) continue
      const bytes = this.page(number)
      const page = readTreePage(bytes, number)
      if (page?.kind !== 'table_leaf') continue
      for (const [at, cell] of page.cells.entries()) {
        const row = this.#row(bytes, cell)
        if (row) yield { ...row, page: number, cell: at }
      }
    }
  }

  /** A row that `leaves` gave, once more. */
  leaf(number: number, cell: number): RemainingRow | undefined {
    const bytes = this.page(number)
    const found = readTreePage(bytes, number)?.cells[cell]
    return found && this.#row(bytes, found)
  }

  /** Names of tables and indices, and the pages where their trees begin. */
  #schema(): Map<string, number> {
    const roots = new Map<string, number>()
    for (const { values } of this.#tree(1, () => {})) {
      const [, name, , root] = values
      if (typeof name === 'string' && typeof root === 'number' && root > 1) roots.set(name, root)
    }
    return roots
  }

  #walkAll(): Set<number> {
    if (this.#reached) return this.#reached
    const reached = new Set<number>()
    this.#reached = reached
    const visit = (name: string) => (number: number, isWhole: boolean) => {
      reached.add(number)
      if (isWhole) return
      this.unreadablePages++
      this.#broken.add(name)
    }
    for (const _ of this.#tree(1, visit('')));
    for (const [name, root] of this.#schema()) for (const _ of this.#tree(root, visit(name)));
    return reached
  }

  *#tree(root: number, visit: (page: number, isWhole: boolean) => void): Generator<RemainingRow> {
    const seen = new Set<number>()
    const waiting = [root]
    for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
      if (seen.has(number) || number < 1 || number > this.pageCount) continue
      seen.add(number)
      const bytes = this.page(number)
      const page = readTreePage(bytes, number)
      visit(number, page?.isWhole ?? false)
      if (!page) continue
      for (const cell of page.cells) {
        const row = this.#row(bytes, cell)
        if (row) yield row
      }
      waiting.push(...page.children.toReversed())
    }
  }

  #row(page: Buffer<ArrayBuffer>, cell: Cell): RemainingRow | undefined {
    const payload = this.#payload(page, cell)
    const values = payload && readRecord(payload)
    return values && { rowid: cell.rowid, values }
  }

  #payload(page: Buffer<ArrayBuffer>, { start, local, length, overflow }: Cell): Buffer<ArrayBuffer> | undefined {
    const first = page.subarray(start, start + local)
    if (local === length) return first
    if (length > maxRowBytes || length > this.pageCount * pageSize) return undefined
    const payload = Buffer.alloc(length)
    first.copy(payload)
    let at = local
    for (let next = overflow; at < length; ) {
      if (next < 1 || next > this.pageCount) return undefined
      const bytes = this.page(next)
      at += bytes.copy(payload, at, 4, Math.min(pageSize, 4 + length - at))
      next = bytes.readUInt32BE(0)
    }
    return payload
  }

  /** Pages on the free list, as far as it can be followed. */
  #freePages(): Set<number> {
    const free = new Set<number>()
    for (let trunk = this.page(1).readUInt32BE(32); trunk >= 1 && trunk <= this.pageCount && !free.has(trunk); ) {
      free.add(trunk)
      const bytes = this.page(trunk)
      const count = bytes.readUInt32BE(4)
      if (count > pageSize / 4 - 2) break
      for (let at = 0; at < count; at++) free.add(bytes.readUInt32BE(8 + 4 * at))
      trunk = bytes.readUInt32BE(0)
    }
    return free
  }
}

function read(descriptor: number | undefined, offset: number): Buffer<ArrayBuffer> {
  const page = Buffer.alloc(pageSize)
  if (descriptor !== undefined) readSync(descriptor, page, 0, pageSize, offset)
  return page
}
