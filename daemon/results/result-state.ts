/**
 * What each differential query gave last time, and how that becomes the next change: epoch, counter, rows.
 *
 * `advance` compares, replaces the state and hands the change over, all in one transaction: when whoever gets the change
 * throws (a spool that is full), the old state is still there and the next run finds the same change again. The counter
 * is osquery's: 0 with the full result, then one more per run that changed something. A full result is told for a new
 * query, a new epoch, a changed statement or changed columns, and for a state that turns out damaged. osquery itself goes
 * on counting when a statement changed, although its documentation ends such a series; here the series ends.
 *
 * Memory grows by about 32 bytes per distinct row of the previous result; texts stay in the store.
 */
import { hash } from 'node:crypto'
import type { StatementSync } from 'node:sqlite'
import type { ResultColumn, ResultRow } from '../engine/engine.ts'
import type { Store, StorePart } from '../store/store.ts'
import { FingerprintTable, fingerprintOf } from './fingerprint-table.ts'
import { rowOrder } from './row-order.ts'
import { DamagedRowsError, RowText } from './row-text.ts'
import { chunkSlots, rowsSchema, StoredRows } from './stored-rows.ts'

/** The tables of this part. Half a state would tell changes that never were, so that damage costs all of it. */
export const resultStatePart: StorePart = {
  name: 'results',
  schema: `
CREATE TABLE IF NOT EXISTS results_queries (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, sql TEXT NOT NULL, columns TEXT NOT NULL,
  epoch INTEGER NOT NULL, counter INTEGER NOT NULL, slots INTEGER NOT NULL, dead INTEGER NOT NULL, changed INTEGER NOT NULL
);
${rowsSchema}`,
  salvage: 'drop',
}

/** The query whose result comes in: its full name and its statement. */
export interface DifferentialQuery {
  readonly name: string
  readonly sql: string
}

/** A result whose rows can be gone through more than once. */
export interface CurrentRows {
  readonly columns: readonly ResultColumn[]
  readonly rows: Iterable<ResultRow>
}

/** What is to be told of one run. */
export interface ResultChange {
  readonly columns: readonly ResultColumn[]
  readonly epoch: number
  readonly counter: number
  /** In osquery's order. */
  readonly removed: readonly ResultRow[]
  /** In the order of the result. For a full result: all of it. */
  readonly added: Iterable<ResultRow>
}

/** What a run came to. */
export interface Advanced {
  readonly counter: number
  /** Whether the whole result was told. */
  readonly isFull: boolean
  readonly added: number
  readonly removed: number
  /** Why the old state could not be used, where it was damaged. */
  readonly damage?: string
}

interface QueryRecord {
  readonly number: number
  readonly sql: string
  readonly columns: string
  readonly epoch: number
  readonly counter: number
  readonly slots: number
  readonly dead: number
}

/** Dead slots that are always let be: rewriting for less costs more than it frees. */
const toleratedDead = 8192

/** The state of all differential queries in one store. */
export class ResultState {
  readonly #store: Store
  readonly #rows: StoredRows
  readonly #get: StatementSync
  readonly #put: StatementSync
  readonly #names: StatementSync
  readonly #drop: StatementSync

  constructor(store: Store) {
    this.#store = store
    this.#rows = new StoredRows(store.database)
    this.#get = store.database.prepare('SELECT * FROM results_queries WHERE name = ?')
    this.#put = store.database.prepare(`
INSERT INTO results_queries (name, sql, columns, epoch, counter, slots, dead, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET sql = excluded.sql, columns = excluded.columns, epoch = excluded.epoch,
  counter = excluded.counter, slots = excluded.slots, dead = excluded.dead, changed = excluded.changed RETURNING number`)
    this.#names = store.database.prepare('SELECT name, number FROM results_queries')
    this.#drop = store.database.prepare('DELETE FROM results_queries WHERE number = ?')
  }

  /**
   * Takes a run's result. `tell` is called inside the transaction, when there is something to tell or the result is the
   * first of its series, and must append the events before it returns; what it throws takes everything back.
   */
  advance(
    query: DifferentialQuery,
    result: CurrentRows,
    run: { readonly epoch: number; readonly nowSeconds: number },
    tell: (change: ResultChange) => void,
  ): Advanced {
    return this.#store.transaction(() => {
      const sql = hash('sha256', query.sql)
      const record = this.#get.get(query.name) as QueryRecord | undefined
      const text = textOf(result, record)
      const columns = JSON.stringify(text.columns)
      const isOfSeries = record !== undefined && record.epoch === run.epoch && record.sql === sql
      if (isOfSeries && (record.columns === columns || (record.columns === '[]' && record.slots === 0))) {
        try {
          const change = this.#compare(record, text, result)
          const { added, removed } = change
          if (added.length + removed.length === 0) {
            return { counter: record.counter, isFull: false, added: 0, removed: 0 }
          }
          const counter = record.counter + 1
          this.#put.get(query.name, sql, columns, run.epoch, counter, change.slots, change.dead, run.nowSeconds)
          tell({ columns: result.columns, epoch: run.epoch, counter, removed, added })
          return { counter, isFull: false, added: added.length, removed: removed.length }
        } catch (error) {
          if (!(error instanceof DamagedRowsError)) throw error
          return { ...this.#begin(query.name, sql, text, result, run, tell), damage: error.message }
        }
      }
      return this.#begin(query.name, sql, text, result, run, tell)
    })
  }

  /** Forgets queries that are not among `names`: called when the schedule changed. */
  retain(names: ReadonlySet<string>): void {
    this.#store.transaction(() => {
      for (const { name, number } of this.#names.all()) {
        if (names.has(String(name))) continue
        this.#rows.forget(Number(number))
        this.#drop.run(Number(number))
      }
    })
  }

  /** A new series: everything is stored anew, everything is told. */
  #begin(
    name: string,
    sql: string,
    text: RowText,
    result: CurrentRows,
    run: { readonly epoch: number; readonly nowSeconds: number },
    tell: (change: ResultChange) => void,
  ): Advanced {
    const put = (slots: number) =>
      Number(this.#put.get(name, sql, JSON.stringify(text.columns), run.epoch, 0, slots, 0, run.nowSeconds)?.['number'])
    const number = put(0)
    this.#rows.forget(number)
    const table = new FingerprintTable()
    const seen = new Counts(0)
    const pages = this.#rows.pagesFrom(number, 0)
    let rows = 0
    for (const row of result.rows) {
      const written = text.write(row)
      const fingerprint = fingerprintOf(written)
      let slot = table.find(fingerprint)
      if (slot < 0) {
        slot = table.add(fingerprint)
        pages.add(written)
      }
      seen.increment(slot)
      rows++
    }
    pages.end()
    this.#writeChunks(number, table, seen, () => true)
    put(table.size)
    tell({ columns: result.columns, epoch: run.epoch, counter: 0, removed: [], added: result.rows })
    return { counter: 0, isFull: true, added: rows, removed: 0 }
  }

  /** The difference to what is stored, and the store brought up to it; touches nothing when nothing changed. */
  #compare(record: QueryRecord, text: RowText, result: CurrentRows): Compared {
    const { table, counts } = this.#load(record)
    const seen = new Counts(record.slots)
    const pages = this.#rows.pagesFrom(record.number, record.slots)
    const added: ResultRow[] = []
    for (const row of result.rows) {
      const written = text.write(row)
      const fingerprint = fingerprintOf(written)
      let slot = table.find(fingerprint)
      if (slot < 0) {
        slot = table.add(fingerprint)
        pages.add(written)
      }
      if (seen.increment(slot) > (counts[slot] ?? 0)) added.push(row)
    }
    pages.end()
    const removed = this.#removed(record, text, counts, seen)
    let { dead } = record
    for (let slot = 0; slot < record.slots; slot++) {
      if ((counts[slot] ?? 0) > 0 && seen.of(slot) === 0) dead++
    }
    let slots = table.size
    if (added.length + removed.length > 0) {
      if (dead > toleratedDead && dead * 3 > slots) {
        slots = this.#rewrite(record.number, text, table, seen)
        dead = 0
      } else {
        this.#writeChunks(record.number, table, seen, (slot) => seen.of(slot) !== (counts[slot] ?? 0))
      }
    }
    return { added, removed: removed.sort(rowOrder(result.columns)), slots, dead }
  }

  #load(record: QueryRecord): { readonly table: FingerprintTable; readonly counts: Uint32Array } {
    const table = new FingerprintTable(record.slots)
    const counts = new Uint32Array(record.slots)
    for (const chunk of this.#rows.chunks(record.number, record.slots)) {
      counts.set(chunk.counts, table.size)
      table.load(chunk.words, (slot) => (counts[slot] ?? 0) > 0)
    }
    return { table, counts }
  }

  /** Rows of slots that were seen less often than before, as often as they are missing. */
  #removed(record: QueryRecord, text: RowText, counts: Uint32Array, seen: Counts): ResultRow[] {
    const removed: ResultRow[] = []
    let first = 0
    let rows: readonly (ResultRow | undefined)[] = []
    for (let slot = 0; slot < record.slots; slot++) {
      const missing = (counts[slot] ?? 0) - seen.of(slot)
      if (missing <= 0) continue
      if (slot >= first + rows.length) {
        const page = this.#rows.page(record.number, slot)
        first = page.first
        rows = text.read(page.text, (at) => (counts[page.first + at] ?? 0) > seen.of(page.first + at))
      }
      const row = rows[slot - first]
      if (row === undefined)
        throw new DamagedRowsError(`the page of slot ${slot} of query ${record.number} is too short`)
      for (let times = 0; times < missing; times++) removed.push(row)
    }
    return removed
  }

  /** Writes the chunks in which a slot changed. */
  #writeChunks(query: number, table: FingerprintTable, seen: Counts, isChanged: (slot: number) => boolean): void {
    for (let from = 0; from < table.size; from += chunkSlots) {
      const to = Math.min(from + chunkSlots, table.size)
      let changed = false
      for (let slot = from; slot < to && !changed; slot++) changed = isChanged(slot)
      if (changed) this.#rows.putChunk(query, from, { words: table.words(from, to), counts: seen.range(from, to) })
    }
  }

  /** Stores the rows that are there once more, without those that are gone. Gives the number of slots. */
  #rewrite(query: number, text: RowText, table: FingerprintTable, seen: Counts): number {
    const kept = new FingerprintTable()
    const counts = new Counts(0)
    const pages = this.#rows.pagesFrom(query, 0)
    let slot = 0
    for (let page = this.#rows.takePage(query, 0); page; page = this.#rows.takePage(query, slot)) {
      if (page.first !== slot) throw new DamagedRowsError(`pages of query ${query} miss slot ${slot}`)
      for (const row of text.read(page.text, (at) => seen.of(page.first + at) > 0)) {
        if (row !== undefined) {
          const at = kept.size
          kept.load(table.words(slot, slot + 1), () => false)
          counts.set(at, seen.of(slot))
          pages.add(text.write(row))
        }
        slot++
      }
    }
    pages.end()
    if (slot !== table.size)
      throw new DamagedRowsError(`query ${query} has ${slot} rows stored, expected ${table.size}`)
    this.#rows.forgetChunks(query)
    this.#writeChunks(query, kept, counts, () => true)
    return kept.size
  }
}

interface Compared {
  readonly added: readonly ResultRow[]
  readonly removed: readonly ResultRow[]
  readonly slots: number
  readonly dead: number
}

/** A number per slot, growing. */
class Counts {
  #values: Uint32Array

  constructor(expected: number) {
    this.#values = new Uint32Array(expected + (expected >> 4) + 16)
  }

  of(slot: number): number {
    return this.#values[slot] ?? 0
  }

  set(slot: number, value: number): void {
    if (slot >= this.#values.length) {
      const larger = new Uint32Array(slot + (slot >> 1) + 16)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[slot] = value
  }

  increment(slot: number): number {
    const value = this.of(slot) + 1
    this.set(slot, value)
    return value
  }

  range(from: number, to: number): Uint32Array {
    return this.#values.subarray(from, to)
  }
}

/** An empty result may come without columns; then the stored ones hold, as far as they can be read. */
function textOf(result: CurrentRows, record: QueryRecord | undefined): RowText {
  if (result.columns.length > 0 || record === undefined) return new RowText(result.columns.map((column) => column.name))
  try {
    return new RowText(JSON.parse(record.columns) as string[]) // written by #put
  } catch {
    return new RowText([])
  }
}
