/**
 * Dropping from the oldest event on: for every sink that lacks it, counted, until the bounds are kept.
 *
 * Works on a walk and on copies of the sinks' records; who runs it writes down what changed.
 */
import type { Hole, Step } from './backlog.ts'
import type { FrameView } from './event-frame.ts'
import { pass } from './sink-progress.ts'
import type { AgainEntry, SinkRecord } from './spool-records.ts'

/** One run. */
export class Dropping {
  readonly #before: readonly SinkRecord[]
  readonly #sinks: Map<string, SinkRecord>
  readonly #isDue: (unixTime: number, waiting: number) => boolean
  /** Events behind cursors that are to be sent again, oldest first. */
  readonly #again: { readonly name: string; readonly entry: AgainEntry }[]
  readonly againDropped: AgainEntry[] = []
  #waiting: number
  /** How many more may be dropped. */
  left: number

  constructor(
    sinks: readonly SinkRecord[],
    waiting: number,
    isDue: (unixTime: number, waiting: number) => boolean,
    most: number,
  ) {
    this.#before = sinks
    this.#sinks = new Map(sinks.map((sink) => [sink.name, sink]))
    this.#isDue = isDue
    this.#again = sinks
      .flatMap(({ name, again }) => again.map((entry) => ({ name, entry })))
      .sort((one, other) => one.entry.sequence - other.entry.sequence)
    this.#waiting = waiting
    this.left = most
  }

  /** Drops along the walk; gives the hole that ended it. */
  run(walk: Iterable<Step>): Hole | undefined {
    for (const step of walk) {
      if (step.hole) return step.hole
      while (this.#dropAgain(step.frame.sequence));
      if (this.#isHeld(step.frame)) return undefined
      this.#dropEvent(step.frame)
    }
    while (this.#dropAgain(Number.POSITIVE_INFINITY));
    return undefined
  }

  /** Records that are not as they were. */
  changed(): SinkRecord[] {
    return this.#before.flatMap((before) => {
      const after = this.#sinks.get(before.name)
      return after && after !== before ? [after] : []
    })
  }

  #isHeld(frame: FrameView): boolean {
    const [next] = this.#again
    if (next && next.entry.sequence <= frame.sequence) return true
    return !frame.isLost && (this.left <= 0 || !this.#isDue(frame.unixTime, this.#waiting))
  }

  #dropEvent(frame: FrameView): void {
    for (const sink of this.#sinks.values()) {
      if (sink.cursor >= frame.sequence) continue
      this.#sinks.set(sink.name, { ...pass(sink, frame), dropped: sink.dropped + (frame.isLost ? 0 : 1) })
    }
    this.#waiting -= frame.lineBytes
    if (!frame.isLost) this.left--
  }

  /** Drops the oldest that is to be sent again, if it is due and not newer than a sequence. */
  #dropAgain(upTo: number): boolean {
    const [next] = this.#again
    const sink = next && next.entry.sequence <= upTo ? this.#sinks.get(next.name) : undefined
    if (!next || !sink || this.left <= 0 || !this.#isDue(next.entry.unixTime, this.#waiting)) return false
    this.#again.shift()
    this.againDropped.push(next.entry)
    const again = sink.again.filter((entry) => entry !== next.entry)
    this.#sinks.set(next.name, { ...sink, dropped: sink.dropped + 1, again })
    this.#waiting -= next.entry.bytes
    this.left--
    return true
  }
}
