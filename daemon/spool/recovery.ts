/**
 * What the spool does when it is opened on less than it once had: no sequence is given twice, every hole is found, and
 * a sink whose record is lost gets everything again.
 */
import { framesIn } from './event-frame.ts'
import { settled } from './sink-progress.ts'
import type { SpoolCore } from './spool-core.ts'
import { type SinkRecord, sinkFrom } from './spool-records.ts'

/** After opening: no sequence that was given is given again. Says whether the database knew less than was given. */
export function catchUp(core: SpoolCore): boolean {
  const { spool, sinks } = core.memory
  const cursors = [...sinks.values()].map((sink) => sink.cursor)
  const last = lastKept(core)
  const newest = Math.max(spool.newest, last, core.highWater.newestOf(spool.stream), ...cursors)
  const raised = [...sinks.values()].map((sink) =>
    sink.cursor < spool.floor ? { ...sink, cursor: spool.floor, passed: core.bytesUpTo(spool.floor) } : sink,
  )
  core.memory = { spool: { ...spool, newest }, sinks: new Map(raised.map((sink) => [sink.name, sink])) }
  return newest !== spool.newest
}

/** Sequence of the last event that is there. The key of the last chunk is put right, because new ones go behind it. */
function lastKept(core: SpoolCore): number {
  const chunk = core.tables.chunkBefore(Number.MAX_SAFE_INTEGER)
  if (!chunk) return 0
  const last = [...framesIn(chunk.frames)].at(-1)?.sequence
  if (last === chunk.last) return last
  core.tables.deleteChunk(chunk.last)
  if (last === undefined) return lastKept(core)
  core.tables.putChunk(last, chunk.frames)
  return last
}

/** After damage: finds every hole, and counts bytes anew from what is there. */
export function recount(core: SpoolCore): void {
  let bytes = 0
  const passed = new Map<string, number>()
  for (const step of core.mendedWalk(core.memory.spool.floor)) {
    for (const sink of core.memory.sinks.values()) {
      if (step.frame.sequence > sink.cursor && !passed.has(sink.name)) passed.set(sink.name, bytes)
    }
    bytes += step.frame.lineBytes
  }
  const { spool, sinks } = core.memory
  core.memory = { spool: { ...spool, bytes }, sinks }
  core.storeSpool()
  core.storeSinks(
    [...sinks.values()].map((sink) =>
      settled({ ...sink, passed: passed.get(sink.name) ?? bytes }, { ...spool, bytes }),
    ),
  )
}

/** A sink that lost its row: everything that is there waits for it, and what is known to be lost counts. */
export function sinkFromFloor(core: SpoolCore, name: string): SinkRecord {
  const { floor } = core.memory.spool
  let lost = 0
  for (const { frame } of core.mendedWalk(floor))
    if (frame.isLost) lost += frame.sequence - Math.max(frame.first, floor + 1) + 1
  return { ...sinkFrom(0, name, floor, core.bytesUpTo(floor)), damaged: lost, lostAhead: lost }
}
