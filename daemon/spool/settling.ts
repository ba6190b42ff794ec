/**
 * Settling a batch: the cursor moves over what is done with, and what is not is kept to be read again.
 *
 * A batch may be any part of what was read, in any order, and may be settled twice.
 */
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { mostFrameBytes, writeFrame } from './event-frame.ts'
import { pass, settled } from './sink-progress.ts'
import type { SpoolCore } from './spool-core.ts'
import { storeAgain } from './spool-memory.ts'
import type { AgainEntry, SinkRecord } from './spool-records.ts'

/** What became of a batch; what is in neither is to be sent again. */
export interface Outcome {
  readonly delivered: ReadonlySet<number>
  readonly dead: ReadonlyMap<number, string>
}

/** Writes down what became of a batch. Inside a transaction. */
export function settleBatch(core: SpoolCore, name: string, events: readonly SpooledEvent[], outcome: Outcome): void {
  const before = core.memory.sinks.get(name)
  if (!before) return
  const bySequence = new Map(events.map((event) => [event.sequence, event]))
  const isDone = (sequence: number) =>
    bySequence.has(sequence) && (outcome.delivered.has(sequence) || outcome.dead.has(sequence))
  const counts = countDone(core, before, bySequence, outcome)
  const again = before.again.filter((entry) => {
    if (isDone(entry.sequence)) core.tables.again.delete(entry.row)
    return !isDone(entry.sequence)
  })
  const reached = advance(core, { ...before, ...counts, again }, bySequence, isDone)
  core.storeSinks([settled(reached, core.memory.spool)])
}

function countDone(
  core: SpoolCore,
  sink: SinkRecord,
  bySequence: ReadonlyMap<number, SpooledEvent>,
  outcome: Outcome,
): { readonly delivered: number; readonly deadLetters: number } {
  const again = new Set(sink.again.map((entry) => entry.sequence))
  let { delivered, deadLetters } = sink
  for (const [sequence, event] of bySequence) {
    if (sequence > core.newest || (sequence <= sink.cursor && !again.has(sequence))) continue // settled before
    const reason = outcome.dead.get(sequence)
    if (reason !== undefined) {
      deadLetters++
      core.letters.add(sink.name, reason, frameOf(event))
    } else if (outcome.delivered.has(sequence)) delivered++
  }
  return { delivered, deadLetters }
}

/** Moves the cursor over the last event that is done with; what is not done with before it is kept to be read again. */
function advance(
  core: SpoolCore,
  sink: SinkRecord,
  bySequence: ReadonlyMap<number, SpooledEvent>,
  isDone: (sequence: number) => boolean,
): SinkRecord {
  let last = sink.cursor
  for (const sequence of bySequence.keys()) {
    if (sequence > last && sequence <= core.newest && isDone(sequence)) last = sequence
  }
  let { cursor, passed } = sink
  while (cursor < last && isDone(cursor + 1)) {
    passed += Buffer.byteLength(bySequence.get(++cursor)?.line ?? '')
  }
  let moved: SinkRecord = { ...sink, cursor, passed }
  if (cursor === last) return moved
  moved = withoutHoles(core, moved, last)
  const again: AgainEntry[] = [...moved.again]
  for (const { frame, buffer } of core.mendedWalk(cursor)) {
    if (frame.first > last) break
    moved = pass(moved, frame)
    if (frame.isLost || isDone(frame.sequence)) continue
    const { sequence, lineBytes: bytes, unixTime, start, end } = frame
    again.push(storeAgain(core.tables, sink.name, { sequence, bytes, unixTime }, buffer.subarray(start, end)))
  }
  return { ...moved, again }
}

/** Mends what lies between a sink's cursor and a sequence; gives the sink with what was counted by that. */
function withoutHoles(core: SpoolCore, sink: SinkRecord, last: number): SinkRecord {
  for (const { frame } of core.mendedWalk(sink.cursor)) if (frame.sequence >= last) break
  const { damaged, lostAhead } = core.memory.sinks.get(sink.name) ?? sink
  return { ...sink, damaged, lostAhead }
}

function frameOf(event: SpooledEvent): Buffer {
  const buffer = Buffer.alloc(mostFrameBytes(event))
  const stream = Buffer.from(event.id.slice(0, 16), 'hex')
  return buffer.subarray(0, writeFrame(buffer, 0, event, event.sequence, stream))
}
