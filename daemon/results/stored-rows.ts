/**
 * Rows of differential queries in the store: fingerprints and counts in chunks that load fast, texts in pages that are
 * read for removed rows alone.
 *
 * A row that is gone leaves its text behind and a count of zero; a rewrite removes such texts when they are a third of
 * all. So a run writes what changed, not what is there. Slots of a query are numbered from 0; a page is found by its first
 * slot. Bytes are little-endian, as every machine this runs on. Called inside a transaction of `result-state.ts`.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { fingerprintWords } from './fingerprint-table.ts'
import { DamagedRowsError } from './row-text.ts'

/** Slots of a chunk: 80 KiB. Larger ones make small changes dear, smaller ones make loading slow. */
export const chunkSlots = 4096
/**
 * A page ends at either. Removed rows cost reading and decoding the page they are in; one of so many characters mostly
 * fits into one page of SQLite's (4096 bytes), without an overflow page.
 */
const [pageRows, pageCharacters] = [64, 3800]
/** Places of one query: more slots than a result may have rows. */
const placesOfQuery = 2 ** 32

/** Statements that are right on an empty and on an existing file. */
export const rowsSchema = `
CREATE TABLE IF NOT EXISTS results_chunks (place INTEGER PRIMARY KEY, slots INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS results_pages (place INTEGER PRIMARY KEY, data BLOB NOT NULL);
`

/** Fingerprints of consecutive slots, and how many rows each stands for. */
export interface Chunk {
  readonly words: Int32Array
  readonly counts: Uint32Array
}

/** What is stored for all queries; `query` is the query's number. */
export class StoredRows {
  readonly #scratch = new Uint8Array(chunkSlots * (fingerprintWords + 1) * 4)
  readonly #chunks: StatementSync
  readonly #putChunk: StatementSync
  readonly #page: StatementSync
  readonly #nextPage: StatementSync
  readonly #putPage: StatementSync
  readonly #dropPage: StatementSync
  readonly #dropChunks: StatementSync
  readonly #dropPages: StatementSync

  constructor(database: DatabaseSync) {
    this.#chunks = database.prepare(
      'SELECT place, slots, data FROM results_chunks WHERE place >= ? AND place < ? ORDER BY place',
    )
    this.#putChunk = database.prepare('INSERT OR REPLACE INTO results_chunks (place, slots, data) VALUES (?, ?, ?)')
    this.#page = database.prepare(
      'SELECT place, data FROM results_pages WHERE place >= ? AND place <= ? ORDER BY place DESC LIMIT 1',
    )
    this.#nextPage = database.prepare(
      'SELECT place, data FROM results_pages WHERE place >= ? AND place < ? ORDER BY place LIMIT 1',
    )
    this.#putPage = database.prepare('INSERT OR REPLACE INTO results_pages (place, data) VALUES (?, ?)')
    this.#dropPage = database.prepare('DELETE FROM results_pages WHERE place = ?')
    this.#dropChunks = database.prepare('DELETE FROM results_chunks WHERE place >= ? AND place < ?')
    this.#dropPages = database.prepare('DELETE FROM results_pages WHERE place >= ? AND place < ?')
  }

  /** Chunks in the order of their slots. Throws `DamagedRowsError` where they do not add up to `slots`. */
  *chunks(query: number, slots: number): Iterable<Chunk> {
    const base = query * placesOfQuery
    let expected = 0
    for (const { place, slots: count, data } of this.#chunks.iterate(base, base + placesOfQuery)) {
      const right =
        data instanceof Uint8Array &&
        place === base + expected &&
        data.length === Number(count) * (fingerprintWords + 1) * 4
      if (!right) throw new DamagedRowsError(`chunk ${place} of query ${query} is damaged`)
      const bytes = data.byteOffset % 4 === 0 ? data : data.slice()
      const words = Number(count) * fingerprintWords
      yield {
        words: new Int32Array(bytes.buffer, bytes.byteOffset, words),
        counts: new Uint32Array(bytes.buffer, bytes.byteOffset + words * 4, Number(count)),
      }
      expected += Number(count)
    }
    if (expected !== slots) throw new DamagedRowsError(`query ${query} has ${expected} slots stored, expected ${slots}`)
  }

  putChunk(query: number, first: number, chunk: Chunk): void {
    // The same memory for every chunk: SQLite copies what it is given.
    const data = this.#scratch.subarray(0, chunk.words.byteLength + chunk.counts.byteLength)
    data.set(new Uint8Array(chunk.words.buffer, chunk.words.byteOffset, chunk.words.byteLength))
    data.set(
      new Uint8Array(chunk.counts.buffer, chunk.counts.byteOffset, chunk.counts.byteLength),
      chunk.words.byteLength,
    )
    this.#putChunk.run(query * placesOfQuery + first, chunk.counts.length, data)
  }

  /** The page with a slot: its first slot and its text. */
  page(query: number, slot: number): { readonly first: number; readonly text: string } {
    const base = query * placesOfQuery
    return readPage(this.#page.get(base, base + slot), base, `slot ${slot} of query ${query}`)
  }

  /** The first page at or behind a slot, taken out of the store; undefined where there is none. */
  takePage(query: number, slot: number): { readonly first: number; readonly text: string } | undefined {
    const base = query * placesOfQuery
    const found = this.#nextPage.get(base + slot, base + placesOfQuery)
    if (found === undefined) return undefined
    const page = readPage(found, base, `slot ${slot} of query ${query}`)
    this.#dropPage.run(base + page.first)
    return page
  }

  /** Writes rows' texts from a slot on, in pages. */
  pagesFrom(query: number, slot: number): PageWriter {
    return new PageWriter(slot, (first, text) =>
      this.#putPage.run(query * placesOfQuery + first, Buffer.from(text, 'utf8')),
    )
  }

  forgetChunks(query: number): void {
    const base = query * placesOfQuery
    this.#dropChunks.run(base, base + placesOfQuery)
  }

  forget(query: number): void {
    const base = query * placesOfQuery
    this.forgetChunks(query)
    this.#dropPages.run(base, base + placesOfQuery)
  }
}

/** Gathers texts into pages; `end` writes the last one. */
export class PageWriter {
  readonly #put: (first: number, text: string) => void
  #first: number
  #texts: string[] = []
  #characters = 0

  constructor(first: number, put: (first: number, text: string) => void) {
    this.#first = first
    this.#put = put
  }

  add(text: string): void {
    this.#texts.push(text)
    this.#characters += text.length
    if (this.#texts.length >= pageRows || this.#characters >= pageCharacters) this.end()
  }

  end(): void {
    if (this.#texts.length === 0) return
    this.#put(this.#first, this.#texts.join(''))
    this.#first += this.#texts.length
    this.#texts = []
    this.#characters = 0
  }
}

function readPage(found: unknown, base: number, what: string): { readonly first: number; readonly text: string } {
  const { place, data } = (found ?? {}) as { place?: unknown; data?: unknown }
  if (typeof place !== 'number' || !(data instanceof Uint8Array)) throw new DamagedRowsError(`no page for ${what}`)
  return { first: place - base, text: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8') }
}
