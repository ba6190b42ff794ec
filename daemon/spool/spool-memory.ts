/**
 * The spool's records in memory and in their rows, changed together and taken back together.
 */
import { randomBytes } from 'node:crypto'
import type { Store } from '../store/store.ts'
import {
  type AgainEntry,
  againText,
  readRecordRow,
  type SinkRecord,
  type SpoolRecord,
  sinkText,
  spoolText,
} from './spool-records.ts'
import type { SpoolTables } from './spool-tables.ts'

/** What is in force. */
export interface SpoolMemory {
  readonly spool: SpoolRecord
  readonly sinks: ReadonlyMap<string, SinkRecord>
}

/** A new stream's name. */
export function newStream(): string {
  return randomBytes(8).toString('hex')
}

/** Reads all records; rows that do not prove themselves are deleted, and what they said is missed elsewhere. */
export function loadMemory(tables: SpoolTables, store: Store): SpoolMemory {
  return store.transaction(() => {
    const again = loadAgain(tables)
    const sinks = new Map<string, SinkRecord>()
    for (const { id, record, sum } of tables.sinks.all()) {
      const found = readRecordRow(record, sum)
      if (found?.kind !== 'sink' || sinks.has(found.sink.name)) tables.sinks.delete(id)
      else {
        const entries = again.get(found.sink.name) ?? []
        const damaged = found.sink.damaged + Math.max(0, found.again - entries.length)
        sinks.set(found.sink.name, { ...found.sink, damaged, row: id, again: entries })
      }
    }
    const states = tables.states()
    const [state] = states.map(({ record, sum }) => readRecordRow(record, sum))
    if (state?.kind === 'spool') return { spool: state.spool, sinks }
    // Never the old stream: nobody knows which of its sequences were given.
    const spool = { stream: newStream(), newest: 0, bytes: 0, floor: 0, sinks: states.length === 0 ? 0 : -1 }
    tables.writeState(spoolText(spool))
    return { spool, sinks }
  })
}

function loadAgain(tables: SpoolTables): Map<string, AgainEntry[]> {
  const again = new Map<string, AgainEntry[]>()
  for (const { id, record, sum } of tables.again.all()) {
    const found = readRecordRow(record, sum)
    if (found?.kind !== 'again') tables.again.delete(id)
    else {
      const entries = again.get(found.sink) ?? []
      entries.push({ ...found.entry, row: id })
      again.set(found.sink, entries)
    }
  }
  for (const entries of again.values()) entries.sort((one, other) => one.sequence - other.sequence)
  return again
}

/** Writes a sink's row; one without a row gets one. */
export function storeSink(tables: SpoolTables, sink: SinkRecord): SinkRecord {
  if (sink.row === 0) return { ...sink, row: tables.sinks.insert(sinkText(sink)) }
  tables.sinks.update(sink.row, sinkText(sink))
  return sink
}

/** Writes an event that a sink is to get again. */
export function storeAgain(
  tables: SpoolTables,
  sink: string,
  entry: Omit<AgainEntry, 'row'>,
  frame: Buffer,
): AgainEntry {
  return { ...entry, row: tables.again.insert(againText(sink, { ...entry, row: 0 }), frame) }
}
