/**
 * The tables of the spool and every statement over them.
 *
 * Events are in chunks that each fill a page: one row per chunk, its key the sequence of its last event, so that "what
 * comes after a cursor" is a seek. Small records have tables of their own, the spool's and the sinks' not side by side:
 * one damaged block shall not take both.
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { CheckedText } from '../store/checked-record.ts'

/** Right on an empty and on an existing file. */
export const spoolSchema = `
  CREATE TABLE IF NOT EXISTS spool_state (id INTEGER PRIMARY KEY, record TEXT NOT NULL, sum INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS spool_dead (id INTEGER PRIMARY KEY, record TEXT NOT NULL, sum INTEGER NOT NULL, frame BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS spool_again (id INTEGER PRIMARY KEY, record TEXT NOT NULL, sum INTEGER NOT NULL, frame BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS spool_sink (id INTEGER PRIMARY KEY, record TEXT NOT NULL, sum INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS spool_chunk (last INTEGER PRIMARY KEY, frames BLOB NOT NULL);
`

/** Bytes of frames in a chunk: what fits into one page of 4096 bytes without an overflow page. */
export const chunkBytes = 4056

/** A chunk as it is read. */
export interface ChunkRow {
  readonly last: number
  readonly frames: Buffer
}

/** A record as it is read. */
export interface RecordRow {
  readonly id: number
  readonly record: unknown
  readonly sum: unknown
}

/** Statements, prepared once. */
export type SpoolTables = ReturnType<typeof spoolTables>

/** Prepares them. A damaged blob may claim to be text: what is read is cast. */
export function spoolTables(database: DatabaseSync) {
  const state = database.prepare('INSERT OR REPLACE INTO spool_state VALUES (1, ?, ?)')
  const insertChunk = database.prepare('INSERT OR REPLACE INTO spool_chunk VALUES (?, ?)')
  const deleteChunk = database.prepare('DELETE FROM spool_chunk WHERE last = ?')
  const deleteUpTo = database.prepare('DELETE FROM spool_chunk WHERE last <= ?')
  const nthChunk = database.prepare('SELECT last FROM spool_chunk ORDER BY last LIMIT 1 OFFSET ?')
  const after = database.prepare(
    'SELECT last, CAST(frames AS BLOB) frames FROM spool_chunk WHERE last > ? ORDER BY last',
  )
  const before = database.prepare(
    'SELECT last, CAST(frames AS BLOB) frames FROM spool_chunk WHERE last <= ? ORDER BY last DESC LIMIT 1',
  )
  const chunk = database.prepare('SELECT last, CAST(frames AS BLOB) frames FROM spool_chunk WHERE last = ?')
  return {
    writeState: ({ record, sum }: CheckedText) => void state.run(record, sum),
    states: () => database.prepare('SELECT id, record, sum FROM spool_state').all().map(asRecord),
    putChunk: (last: number, frames: Buffer) => void insertChunk.run(last, frames),
    deleteChunk: (last: number) => void deleteChunk.run(last),
    /** Deletes chunks up to a sequence, the oldest `most` of them; says whether that were all. */
    deleteChunks(upTo: number, most: number): boolean {
      const bound = nthChunk.get(most)?.['last']
      const isAll = typeof bound !== 'number' || bound > upTo
      deleteUpTo.run(isAll ? upTo : bound)
      return isAll
    },
    *chunksAfter(sequence: number): Generator<ChunkRow> {
      for (const row of after.iterate(sequence)) yield asChunk(row)
    },
    chunkBefore: (sequence: number) => optional(before.get(sequence), asChunk),
    chunk: (last: number) => optional(chunk.get(last), asChunk),
    sinks: recordTable(database, 'spool_sink'),
    again: letterTable(database, 'spool_again'),
    dead: letterTable(database, 'spool_dead'),
  }
}

function recordTable(database: DatabaseSync, table: string) {
  const insert = database.prepare(`INSERT INTO ${table} (record, sum) VALUES (?, ?)`)
  const update = database.prepare(`UPDATE ${table} SET record = ?, sum = ? WHERE id = ?`)
  const remove = database.prepare(`DELETE FROM ${table} WHERE id = ?`)
  return {
    all: () => database.prepare(`SELECT id, record, sum FROM ${table} ORDER BY id`).all().map(asRecord),
    insert: ({ record, sum }: CheckedText) => Number(insert.run(record, sum).lastInsertRowid),
    update: (id: number, { record, sum }: CheckedText) => void update.run(record, sum, id),
    delete: (id: number) => void remove.run(id),
  }
}

function letterTable(database: DatabaseSync, table: string) {
  const insert = database.prepare(`INSERT INTO ${table} (record, sum, frame) VALUES (?, ?, ?)`)
  const remove = database.prepare(`DELETE FROM ${table} WHERE id = ?`)
  const frame = database.prepare(`SELECT CAST(frame AS BLOB) frame FROM ${table} WHERE id = ?`)
  return {
    all: () => database.prepare(`SELECT id, record, sum FROM ${table} ORDER BY id`).all().map(asRecord),
    /** Bytes of frames by row; reads no frame. */
    sizes: () =>
      new Map(
        database
          .prepare(`SELECT id, length(frame) size FROM ${table}`)
          .all()
          .map((row) => [Number(row['id']), Number(row['size'])]),
      ),
    insert: ({ record, sum }: CheckedText, bytes: Buffer) => Number(insert.run(record, sum, bytes).lastInsertRowid),
    frame: (id: number) => asBuffer(frame.get(id)?.['frame']),
    delete: (id: number) => void remove.run(id),
  }
}

type Row = Record<string, SQLOutputValue>

function optional<T>(row: Row | undefined, make: (row: Row) => T): T | undefined {
  return row && make(row)
}

function asChunk(row: Row): ChunkRow {
  return { last: Number(row['last']), frames: asBuffer(row['frames']) }
}

function asRecord(row: Row): RecordRow {
  return { id: Number(row['id']), record: row['record'], sum: row['sum'] }
}

function asBuffer(value: SQLOutputValue | undefined): Buffer {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.alloc(0)
}
