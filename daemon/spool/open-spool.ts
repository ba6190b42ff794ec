/**
 * The spool over the store: what `spool.ts` promises.
 *
 * Records are kept in memory and written with every change; events are only on disk. How changes stay together is in
 * `spool-core.ts`.
 */
import type { ResultEvent, SpooledEvent } from '../../extension/domain/result-event.ts'
import type { Store } from '../store/store.ts'
import { readFrame } from './dead-letters.ts'
import { eventOf } from './event-frame.ts'
import { catchUp, recount, sinkFromFloor } from './recovery.ts'
import { type Outcome, settleBatch } from './settling.ts'
import { waitingBytes, waitingEvents } from './sink-progress.ts'
import { type DeadLetter, type SinkStanding, type Spool, type SpoolBounds, SpoolFullError } from './spool.ts'
import { SpoolCore } from './spool-core.ts'
import { type SinkRecord, sinkFrom } from './spool-records.ts'

/** Chunks freed by one call of `tidy`; an append frees twice as many as it can have added. */
const chunksPerTidy = 2_048
/** Events that one call of `tidy` drops for their age. */
const dropsPerTidy = 50_000
/** Pages given back to the file system by one call of `tidy`, once so many are free and they are half of the file. */
const pagesPerTidy = 2_048

const nothingAdded = { bytes: 0, chunks: 0 }

/** An open spool with what ends it; the store is closed by who opened it. */
export interface OpenSpool extends Spool {
  close(): void
}

/** Opens the spool of a store whose parts include `spoolPart`. Throws `state_unusable`. */
export function openSpool(store: Store, bounds: SpoolBounds): OpenSpool {
  return new StoredSpool(new SpoolCore(store), bounds)
}

class StoredSpool implements OpenSpool {
  readonly #core: SpoolCore
  readonly #bounds: SpoolBounds

  constructor(core: SpoolCore, bounds: SpoolBounds) {
    this.#core = core
    this.#bounds = bounds
    core.change(() => {
      const isBehind = catchUp(core)
      if (isBehind || core.store.damage) recount(core)
    })
  }

  get stream(): string {
    return this.#core.memory.spool.stream
  }

  get newest(): number {
    return this.#core.memory.spool.newest
  }

  close(): void {
    this.#core.highWater.close()
  }

  setSinks(names: readonly string[]): void {
    const { spool, sinks } = this.#core.memory
    const gone = [...sinks.keys()].filter((name) => !names.includes(name))
    const added = [...new Set(names)].filter((name) => !sinks.has(name))
    if (gone.length === 0 && added.length === 0 && spool.sinks === sinks.size) return
    this.#core.change(() => {
      for (const name of gone) this.#forget(name)
      // Where rows of sinks were lost, a name that is not there may be one of them: it gets everything again.
      const areLost = spool.sinks !== sinks.size
      const fresh = added.map((name) =>
        areLost ? sinkFromFloor(this.#core, name) : sinkFrom(0, name, spool.newest, spool.bytes),
      )
      const { memory } = this.#core
      const kept = new Map([...memory.sinks].filter(([name]) => !gone.includes(name)))
      this.#core.memory = { spool: { ...memory.spool, sinks: kept.size + fresh.length }, sinks: kept }
      this.#core.storeSinks(fresh)
      this.#core.storeSpool()
    })
  }

  append(events: readonly ResultEvent[]): void {
    if (events.length === 0) return
    if (this.#bounds.whenFull === 'refuse_new') this.#refuseBeyondBounds(events)
    this.#core.change(() => {
      const { spool, sinks } = this.#core.memory
      const newest = spool.newest + events.length
      const added = sinks.size === 0 ? nothingAdded : this.#core.backlog.add(events, spool.newest, this.#core.stream)
      this.#core.memory = { spool: { ...spool, newest, bytes: spool.bytes + added.bytes }, sinks }
      if (this.#core.waitingBytes() > this.#bounds.maxBytes) {
        this.#core.drop((_, waiting) => waiting > this.#bounds.maxBytes, Number.POSITIVE_INFINITY)
      }
      this.#core.free(2 * added.chunks + 2)
      this.#core.storeSpool()
    })
  }

  read(sink: string, limits: { readonly maxEvents: number; readonly maxBytes: number }): readonly SpooledEvent[] {
    for (;;) {
      const found = this.#core.store.read(() => this.#tryRead(sink, limits))
      if (Array.isArray(found)) return found
      this.#core.change(() => found.repair())
    }
  }

  settle(sink: string, events: readonly SpooledEvent[], outcome: Outcome): void {
    if (!this.#core.memory.sinks.has(sink)) return // it was taken away while its batch was under way
    this.#core.change(() => settleBatch(this.#core, sink, events, outcome))
  }

  standings(): readonly SinkStanding[] {
    return [...this.#core.memory.sinks.values()].map((sink) => ({
      sink: sink.name,
      waiting: waitingEvents(sink, this.#core.memory.spool),
      waitingBytes: waitingBytes(sink, this.#core.memory.spool),
      oldest: this.#core.store.read(() => this.#oldest(sink)),
      delivered: sink.delivered,
      dropped: sink.dropped,
      deadLetters: sink.deadLetters,
      damaged: sink.damaged,
    }))
  }

  deadLetters(sink?: string, limit = 100): readonly DeadLetter[] {
    return this.#core.store.read(() => this.#core.letters.list(sink, limit))
  }

  tidy(nowSeconds: number): void {
    this.#core.change(() => {
      const oldest = nowSeconds - this.#bounds.maxAgeSeconds
      if (this.#bounds.maxAgeSeconds > 0) this.#core.drop((unixTime) => unixTime < oldest, dropsPerTidy)
      this.#core.free(chunksPerTidy)
      if (this.#core.memory.spool.floor < this.#core.floor()) this.#core.storeSpool()
    })
    this.#shrink()
  }

  appended(sequence: number, signal: AbortSignal): Promise<void> {
    return this.#core.arrivals.after(sequence, this.newest, signal)
  }

  #refuseBeyondBounds(events: readonly ResultEvent[]): void {
    let bytes = 0
    for (const event of events) bytes += Buffer.byteLength(event.line)
    const waiting = this.#core.waitingBytes()
    if (this.#core.memory.sinks.size === 0 || waiting + bytes <= this.#bounds.maxBytes) return
    throw new SpoolFullError(
      `cannot spool ${events.length} events of ${bytes} bytes: ${waiting} bytes wait already; expected ${this.#bounds.maxBytes} at most. See which sink does not deliver, or raise the bound`,
    )
  }

  #tryRead(
    name: string,
    limits: { readonly maxEvents: number; readonly maxBytes: number },
  ): SpooledEvent[] | { readonly repair: () => void } {
    const sink = this.#core.memory.sinks.get(name)
    const events: SpooledEvent[] = []
    let bytes = 0
    // The first event is given whatever its length: who cannot send it says so by settling it as dead.
    const isFull = (next: number) =>
      events.length >= limits.maxEvents || (events.length > 0 && bytes + next > limits.maxBytes)
    if (!sink) return events
    for (const entry of sink.again) {
      if (isFull(entry.bytes)) return events
      const event = readFrame(this.#core.tables.again.frame(entry.row))
      if (event?.sequence !== entry.sequence) return { repair: () => this.#core.loseAgain(name, entry) }
      events.push(event)
      bytes += entry.bytes
    }
    for (const step of this.#core.backlog.walk(sink.cursor, this.newest)) {
      if (events.length >= limits.maxEvents) return events
      if (step.hole) return { repair: () => this.#core.mend(step.hole) }
      if (step.frame.isLost) continue
      if (isFull(step.frame.lineBytes)) return events
      events.push(eventOf(step.buffer, step.frame))
      bytes += step.frame.lineBytes
    }
    return events
  }

  /** Gives free pages back to the file system once they are most of the file. */
  #shrink(): void {
    this.#core.store.read(() => {
      const { database } = this.#core.store
      const free = Number(database.prepare('PRAGMA freelist_count').get()?.['freelist_count'])
      const all = Number(database.prepare('PRAGMA page_count').get()?.['page_count'])
      if (free > pagesPerTidy && free > all / 2) database.exec(`PRAGMA incremental_vacuum(${pagesPerTidy})`)
    })
  }

  #oldest(sink: SinkRecord): number | undefined {
    const [first] = sink.again
    if (first) return first.unixTime
    for (const step of this.#core.backlog.walk(sink.cursor, this.newest)) {
      if (step.hole) return undefined
      if (!step.frame.isLost) return step.frame.unixTime
    }
    return undefined
  }

  /** Rows of a sink and of what it was to get. */
  #forget(name: string): void {
    const { memory, tables, letters } = this.#core
    const sink = memory.sinks.get(name)
    if (!sink) return
    for (const entry of sink.again) tables.again.delete(entry.row)
    tables.sinks.delete(sink.row)
    letters.forget(name)
  }
}
