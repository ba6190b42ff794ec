/**
 * The spool as a part of the store: its tables, what is looked at when the file is opened, and what is saved of it.
 *
 * Every record and every frame proves itself, so nothing depends on the tree: records are taken from whatever leaf they
 * stand on, frames from any bytes of the file. An event is lost only where its own bytes were.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Remains } from '../store/salvage/remains.ts'
import type { StorePart } from '../store/store.ts'
import { framesIn } from './event-frame.ts'
import { FrameFinds } from './frame-finds.ts'
import { openHighWater } from './high-water.ts'
import { newStream } from './spool-memory.ts'
import {
  againText,
  deadText,
  readRecordRow,
  type SinkRecord,
  type SpoolRecord,
  sinkText,
  spoolText,
} from './spool-records.ts'
import { type SpoolTables, spoolSchema, spoolTables } from './spool-tables.ts'

/** Bytes of events that are looked at when the file is opened; the rest is when it is read. */
const maxVerifiedBytes = 64 * 1024 * 1024

/** What the store is opened with. */
export const spoolPart: StorePart = { name: 'spool', schema: spoolSchema, salvage: salvageSpool, verify: verifySpool }

/** The first thing that is wrong. */
function verifySpool(database: DatabaseSync): string | undefined {
  const tables = spoolTables(database)
  const states = tables.states()
  for (const { record, sum } of [...states, ...tables.sinks.all(), ...tables.again.all(), ...tables.dead.all()]) {
    if (!readRecordRow(record, sum)) return 'a record of the spool is damaged'
  }
  let bytes = 0
  let previous: number | undefined
  for (const { last, frames } of tables.chunksAfter(0)) {
    if (states.length === 0) return 'the record of the spool is missing'
    let end = 0
    for (const frame of framesIn(frames)) {
      if (frame.start !== end || (previous !== undefined && frame.first !== previous + 1)) break
      end = frame.end
      previous = frame.sequence
    }
    if (end !== frames.length || previous !== last) return `the spooled events up to ${last} are damaged`
    bytes += frames.length
    if (bytes > maxVerifiedBytes) return undefined
  }
  return undefined
}

/** Writes what can be found into the empty tables. */
function salvageSpool(remains: Remains, database: DatabaseSync): void {
  const tables = spoolTables(database)
  const finds = new FrameFinds(remains)
  const { spool, sinks } = saveRecords(remains, tables, finds)
  finds.searchImages()
  const cursors = sinks.map((sink) => sink.cursor)
  const areAllThere = spool !== undefined && spool.sinks === sinks.length
  const oldest = areAllThere && sinks.length > 0 ? Math.min(...cursors) : 0
  const floor = spool ? Math.max(spool.floor, oldest) : Math.max(0, finds.oldest - 1)
  finds.write(floor, (last, frames) => tables.putChunk(last, frames))
  const newest = Math.max(spool?.newest ?? 0, finds.newest, floor, ...cursors)
  const isKnown = spool !== undefined && isNewestKnown(remains, spool)
  const stream = isKnown ? spool.stream : newStream()
  tables.writeState(spoolText({ stream, newest, bytes: spool?.bytes ?? 0, floor, sinks: spool?.sinks ?? -1 }))
  for (const sink of sinks) tables.sinks.insert(sinkText(sink))
}

/** Whether no later sequence can have been given: the log is whole, or the file beside it knows of none. */
function isNewestKnown(remains: Remains, spool: SpoolRecord): boolean {
  if (!remains.isWalDamaged) return true
  const highWater = openHighWater(`${remains.path}-newest`)
  try {
    return highWater.newestOf(spool.stream) >= spool.newest
  } finally {
    highWater.close()
  }
}

interface SavedRecords {
  readonly spool: SpoolRecord | undefined
  readonly sinks: readonly SinkRecord[]
}

/** Records from all leaves: the newest of each kind; letters are written at once. */
function saveRecords(remains: Remains, tables: SpoolTables, finds: FrameFinds): SavedRecords {
  let spool: SpoolRecord | undefined
  const sinks = new Map<string, SinkRecord>()
  const again = new Map<string, number>()
  const seen = new Set<string>()
  for (const { values, page, cell } of remains.leaves()) {
    const [, record, sum, frame] = values
    if (values.length === 2) finds.searchRow(record, page, cell)
    const found = readRecordRow(record, sum)
    if (found?.kind === 'spool' && found.spool.newest >= (spool?.newest ?? 0)) spool = found.spool
    if (found?.kind === 'sink' && found.sink.cursor >= (sinks.get(found.sink.name)?.cursor ?? 0)) {
      sinks.set(found.sink.name, { ...found.sink, row: 0, again: [] })
      again.set(found.sink.name, found.again)
    }
    if (!found || found.kind === 'spool' || found.kind === 'sink' || !(frame instanceof Uint8Array)) continue
    const key = `${record} ${found.kind === 'dead' ? Buffer.from(frame.subarray(0, 24)).toString('hex') : ''}`
    if (seen.has(key)) continue
    seen.add(key)
    const bytes = Buffer.from(frame)
    if (found.kind === 'dead') tables.dead.insert(deadText(found.sink, found.reason), bytes)
    else tables.again.insert(againText(found.sink, { ...found.entry, row: 0 }), bytes)
  }
  const counted = [...sinks.values()].map((sink) => ({ ...sink, again: placeholders(again.get(sink.name) ?? 0) }))
  return { spool, sinks: counted }
}

/** As many entries as a sink says it has: what is missing among the rows is missed when the spool is opened. */
function placeholders(count: number): SinkRecord['again'] {
  return Array.from({ length: count }, () => ({ row: 0, sequence: 0, bytes: 0, unixTime: 0 }))
}
