/**
 * What a spool is, as lists: the referee of the property tests. No speed, no disk, no damage.
 */

import type { SpoolBounds } from '../../daemon/spool/spool.ts'
import type { ResultEvent } from '../../extension/domain/result-event.ts'

/** An event with its sequence. */
export interface ModelEvent {
  readonly sequence: number
  readonly event: ResultEvent
}

interface ModelSink {
  cursor: number
  again: ModelEvent[]
  delivered: number
  dropped: number
  dead: { readonly reason: string; readonly sequence: number }[]
}

/** Lists that behave as the spool promises. */
export class SpoolModel {
  readonly #bounds: SpoolBounds
  newest = 0
  readonly #all: ModelEvent[] = []
  readonly sinks = new Map<string, ModelSink>()

  constructor(bounds: SpoolBounds) {
    this.#bounds = bounds
  }

  setSinks(names: readonly string[]): void {
    for (const name of this.sinks.keys()) if (!names.includes(name)) this.sinks.delete(name)
    for (const name of names) {
      if (this.sinks.has(name)) continue
      this.sinks.set(name, { cursor: this.newest, again: [], delivered: 0, dropped: 0, dead: [] })
    }
  }

  /** Whether they were taken. */
  append(events: readonly ResultEvent[]): boolean {
    const bytes = events.reduce((sum, event) => sum + bytesOf(event), 0)
    const isRefused = this.#bounds.whenFull === 'refuse_new' && this.sinks.size > 0 && events.length > 0
    if (isRefused && this.waitingBytes() + bytes > this.#bounds.maxBytes) return false
    for (const event of events) this.#all.push({ sequence: ++this.newest, event })
    this.#dropWhile(() => this.waitingBytes() > this.#bounds.maxBytes)
    return true
  }

  read(name: string, maxEvents: number, maxBytes: number): ModelEvent[] {
    const taken: ModelEvent[] = []
    let bytes = 0
    for (const one of this.waiting(name)) {
      const next = bytesOf(one.event)
      if (taken.length >= maxEvents || (taken.length > 0 && bytes + next > maxBytes)) break
      taken.push(one)
      bytes += next
    }
    return taken
  }

  settle(
    name: string,
    events: readonly number[],
    delivered: ReadonlySet<number>,
    dead: ReadonlyMap<number, string>,
  ): void {
    const sink = this.sinks.get(name)
    if (!sink) return
    const waiting = this.waiting(name)
    const isDone = ({ sequence }: ModelEvent) =>
      events.includes(sequence) && (delivered.has(sequence) || dead.has(sequence))
    for (const one of waiting.filter(isDone)) {
      const reason = dead.get(one.sequence)
      if (reason !== undefined) sink.dead.push({ reason, sequence: one.sequence })
      else sink.delivered++
    }
    const cursor = Math.max(sink.cursor, ...waiting.filter(isDone).map((one) => one.sequence))
    sink.again = waiting.filter((one) => !isDone(one) && one.sequence <= cursor)
    sink.cursor = cursor
  }

  tidy(now: number): void {
    const { maxAgeSeconds } = this.#bounds
    if (maxAgeSeconds > 0) this.#dropWhile(({ event }) => event.unixTime < now - maxAgeSeconds)
  }

  /** What a sink lacks, in the order it is read. */
  waiting(name: string): ModelEvent[] {
    const sink = this.sinks.get(name)
    return sink ? [...sink.again, ...this.#all.filter(({ sequence }) => sequence > sink.cursor)] : []
  }

  waitingBytes(name?: string): number {
    const sum = (events: readonly ModelEvent[]) => events.reduce((bytes, { event }) => bytes + bytesOf(event), 0)
    if (name !== undefined) return sum(this.waiting(name))
    const sinks = [...this.sinks.values()]
    const floor = Math.min(this.newest, ...sinks.map(({ cursor }) => cursor))
    return (
      sum(this.#all.filter(({ sequence }) => sequence > floor)) +
      sinks.reduce((bytes, { again }) => bytes + sum(again), 0)
    )
  }

  /** From the oldest that any sink lacks; what is to be sent again goes before what is new. */
  #dropWhile(isDue: (one: ModelEvent) => boolean): void {
    for (;;) {
      const sinks = [...this.sinks.values()]
      const again = sinks
        .flatMap((sink) => sink.again.map((one) => ({ sink, one })))
        .sort((a, b) => a.one.sequence - b.one.sequence)[0]
      const floor = Math.min(this.newest, ...sinks.map(({ cursor }) => cursor))
      const fresh = this.#all.find(({ sequence }) => sequence > floor)
      if (again && (!fresh || again.one.sequence <= fresh.sequence)) {
        if (!isDue(again.one)) return
        again.sink.again = again.sink.again.filter((one) => one !== again.one)
        again.sink.dropped++
      } else if (fresh && isDue(fresh)) {
        for (const sink of sinks) {
          if (sink.cursor >= fresh.sequence) continue
          sink.cursor = fresh.sequence
          sink.dropped++
        }
      } else return
    }
  }
}

function bytesOf(event: ResultEvent): number {
  return Buffer.byteLength(event.line)
}
