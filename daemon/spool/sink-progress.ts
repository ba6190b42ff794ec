/**
 * How a sink's record changes: it passes an event, misses one, loses a range, gets some back again.
 *
 * Pure: every function gives a new record.
 */

import type { LostRange } from './backlog.ts'
import type { FrameView } from './event-frame.ts'
import type { AgainEntry, SinkRecord, SpoolRecord } from './spool-records.ts'

/** The cursor moves over a frame; one that stands for lost events was counted when it was written. */
export function pass(sink: SinkRecord, frame: FrameView): SinkRecord {
  if (frame.sequence <= sink.cursor) return sink
  if (!frame.isLost) return { ...sink, cursor: frame.sequence, passed: sink.passed + frame.lineBytes }
  const passed = frame.sequence - Math.max(frame.first, sink.cursor + 1) + 1
  return { ...sink, cursor: frame.sequence, lostAhead: Math.max(0, sink.lostAhead - passed) }
}

/** Events of a range turned out to be lost: those that the sink still lacked count. */
export function lose(sink: SinkRecord, { first, last }: LostRange): SinkRecord {
  const count = last - Math.max(first, sink.cursor + 1) + 1
  if (count <= 0) return sink
  return { ...sink, damaged: sink.damaged + count, lostAhead: sink.lostAhead + count }
}

/** A sink with nothing but lost events before it has passed all bytes; until then theirs count as waiting. */
export function settled(sink: SinkRecord, spool: SpoolRecord): SinkRecord {
  if (spool.newest - sink.cursor > sink.lostAhead) return sink
  return { ...sink, cursor: spool.newest, passed: spool.bytes, lostAhead: 0 }
}

/** Bytes of the events behind the cursor that it is to get again. */
export function againBytes(again: readonly AgainEntry[]): number {
  let bytes = 0
  for (const entry of again) bytes += entry.bytes
  return bytes
}

/** Bytes that wait for a sink. */
export function waitingBytes(sink: SinkRecord, spool: SpoolRecord): number {
  return Math.max(0, spool.bytes - sink.passed) + againBytes(sink.again)
}

/** Events that wait for a sink. */
export function waitingEvents(sink: SinkRecord, spool: SpoolRecord): number {
  return Math.max(0, spool.newest - sink.cursor - sink.lostAhead) + sink.again.length
}
