/**
 * The spool over the store: what `spool.ts` promises.
 *
 * Records are kept in memory and written with every change; events are only on disk. Whatever changes memory does so
 * inside a transaction and is put back when that is taken back. A gap in the sequences is damage: it is mended and
 * counted for every sink that lacked the events, once.
 */
import type { ResultEvent, SpooledEvent } from '../../extension/domain/result-event.ts'
import type { Store } from '../store/store.ts'
import { Arrivals } from './arrivals.ts'
import { Backlog, type Hole, type Step } from './backlog.ts'
import { DeadLetters, readFrame } from './dead-letters.ts'
import { Dropping } from './dropping.ts'
import { eventOf, type FrameView, framesIn, mostFrameBytes, writeFrame } from './event-frame.ts'
import { type HighWater, openHighWater } from './high-water.ts'
import { againBytes, lose, pass, settled, waitingBytes, waitingEvents } from './sink-progress.ts'
import { type DeadLetter, type SinkStanding, type Spool, type SpoolBounds, SpoolFullError } from './spool.ts'
import { loadMemory, type SpoolMemory, storeAgain, storeSink } from './spool-memory.ts'
import { type AgainEntry, type SinkRecord, sinkFrom, spoolText } from './spool-records.ts'
import { type SpoolTables, spoolTables } from './spool-tables.ts'

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
  return new StoredSpool(store, bounds, openHighWater(`${store.path}-newest`))
}

class StoredSpool implements OpenSpool {
  readonly #store: Store
  readonly #bounds: SpoolBounds
  readonly #highWater: HighWater
  readonly #tables: SpoolTables
  readonly #backlog: Backlog
  readonly #letters: DeadLetters
  readonly #arrivals = new Arrivals()
  #memory: SpoolMemory
  #stream: Uint8Array
  #isChanging = false
  /** Sequence up to which chunks were freed. */
  #freedUpTo = 0

  constructor(store: Store, bounds: SpoolBounds, highWater: HighWater) {
    this.#store = store
    this.#bounds = bounds
    this.#highWater = highWater
    this.#tables = spoolTables(store.database)
    this.#backlog = new Backlog(this.#tables)
    this.#letters = new DeadLetters(this.#tables)
    this.#memory = loadMemory(this.#tables, store)
    this.#stream = Buffer.from(this.stream, 'hex')
    this.#change(() => {
      const isBehind = this.#catchUp()
      if (isBehind || store.damage) this.#recount()
    })
  }

  get stream(): string {
    return this.#memory.spool.stream
  }

  get newest(): number {
    return this.#memory.spool.newest
  }

  close(): void {
    this.#highWater.close()
  }

  setSinks(names: readonly string[]): void {
    const { spool, sinks } = this.#memory
    const gone = [...sinks.keys()].filter((name) => !names.includes(name))
    const added = [...new Set(names)].filter((name) => !sinks.has(name))
    if (gone.length === 0 && added.length === 0 && spool.sinks === sinks.size) return
    this.#change(() => {
      const next = new Map(sinks)
      for (const name of gone) {
        const sink = sinks.get(name)
        for (const entry of sink?.again ?? []) this.#tables.again.delete(entry.row)
        if (sink) this.#tables.sinks.delete(sink.row)
        this.#letters.forget(name)
        next.delete(name)
      }
      // Where rows of sinks were lost, a name that is not there may be one of them: it gets everything again.
      const areLost = spool.sinks !== sinks.size
      for (const name of added) {
        const fresh = areLost ? this.#fromFloor(name) : sinkFrom(0, name, spool.newest, spool.bytes)
        next.set(name, storeSink(this.#tables, fresh))
      }
      this.#memory = { spool: { ...spool, sinks: next.size }, sinks: next }
      this.#storeSpool()
    })
  }

  append(events: readonly ResultEvent[]): void {
    if (events.length === 0) return
    if (this.#bounds.whenFull === 'refuse_new') this.#refuseBeyondBounds(events)
    this.#change(() => {
      const { spool, sinks } = this.#memory
      const newest = spool.newest + events.length
      const added = sinks.size === 0 ? nothingAdded : this.#backlog.add(events, spool.newest, this.#stream)
      this.#memory = { spool: { ...spool, newest, bytes: spool.bytes + added.bytes }, sinks }
      if (this.#waitingBytes() > this.#bounds.maxBytes) {
        this.#drop((_, waiting) => waiting > this.#bounds.maxBytes, Number.POSITIVE_INFINITY)
      }
      this.#free(2 * added.chunks + 2)
      this.#storeSpool()
    })
  }

  read(sink: string, limits: { readonly maxEvents: number; readonly maxBytes: number }): readonly SpooledEvent[] {
    for (;;) {
      const found = this.#store.read(() => this.#tryRead(sink, limits))
      if (Array.isArray(found)) return found
      this.#change(() => found.repair())
    }
  }

  settle(
    sink: string,
    events: readonly SpooledEvent[],
    outcome: { readonly delivered: ReadonlySet<number>; readonly dead: ReadonlyMap<number, string> },
  ): void {
    if (!this.#memory.sinks.has(sink)) return // it was taken away while its batch was under way
    this.#change(() => {
      const before = this.#memory.sinks.get(sink)
      if (!before) return
      const bySequence = new Map(events.map((event) => [event.sequence, event]))
      const isDone = (sequence: number) =>
        bySequence.has(sequence) && (outcome.delivered.has(sequence) || outcome.dead.has(sequence))
      const counts = this.#countDone(before, bySequence, outcome)
      const again = before.again.filter((entry) => {
        if (isDone(entry.sequence)) this.#tables.again.delete(entry.row)
        return !isDone(entry.sequence)
      })
      const reached = this.#advance({ ...before, ...counts, again }, bySequence, isDone)
      this.#storeSinks([settled(reached, this.#memory.spool)])
    })
  }

  standings(): readonly SinkStanding[] {
    return [...this.#memory.sinks.values()].map((sink) => ({
      sink: sink.name,
      waiting: waitingEvents(sink, this.#memory.spool),
      waitingBytes: waitingBytes(sink, this.#memory.spool),
      oldest: this.#store.read(() => this.#oldest(sink)),
      delivered: sink.delivered,
      dropped: sink.dropped,
      deadLetters: sink.deadLetters,
      damaged: sink.damaged,
    }))
  }

  deadLetters(sink?: string, limit = 100): readonly DeadLetter[] {
    return this.#store.read(() => this.#letters.list(sink, limit))
  }

  tidy(nowSeconds: number): void {
    this.#change(() => {
      const oldest = nowSeconds - this.#bounds.maxAgeSeconds
      if (this.#bounds.maxAgeSeconds > 0) this.#drop((unixTime) => unixTime < oldest, dropsPerTidy)
      this.#free(chunksPerTidy)
      if (this.#memory.spool.floor < this.#floor()) this.#storeSpool()
    })
    this.#shrink()
  }

  appended(sequence: number, signal: AbortSignal): Promise<void> {
    return this.#arrivals.after(sequence, this.newest, signal)
  }

  /** Runs a change of memory and tables; both are as before when the transaction is taken back. */
  #change(work: () => void): void {
    this.#store.transaction(() => {
      this.#rememberFor()
      work()
    })
  }

  #rememberFor(): void {
    if (this.#isChanging) return
    this.#isChanging = true
    const memory = this.#memory
    const letters = this.#letters.held
    const freedUpTo = this.#freedUpTo
    this.#store.atEnd((isDurable) => {
      this.#isChanging = false
      if (isDurable) {
        if (this.newest !== memory.spool.newest) this.#announce()
        return
      }
      this.#memory = memory
      this.#letters.restore(letters)
      this.#freedUpTo = freedUpTo
    })
  }

  #announce(): void {
    try {
      this.#highWater.note(this.stream, this.newest)
    } catch {
      // A full disk: the database has it, and says so when it cannot.
    }
    this.#arrivals.tell(this.newest)
  }

  /** After opening: no sequence that was given is given again. Says whether the database knew less than was given. */
  #catchUp(): boolean {
    const { spool, sinks } = this.#memory
    const cursors = [...sinks.values()].map((sink) => sink.cursor)
    const last = this.#lastKept()
    const newest = Math.max(spool.newest, last, this.#highWater.newestOf(spool.stream), ...cursors)
    const raised = [...sinks.values()].map((sink) =>
      sink.cursor < spool.floor ? { ...sink, cursor: spool.floor, passed: this.#bytesUpTo(spool.floor) } : sink,
    )
    this.#memory = { spool: { ...spool, newest }, sinks: new Map(raised.map((sink) => [sink.name, sink])) }
    return newest !== spool.newest
  }

  /** Sequence of the last event that is there. The key of the last chunk is put right, because new ones go behind it. */
  #lastKept(): number {
    const chunk = this.#tables.chunkBefore(Number.MAX_SAFE_INTEGER)
    if (!chunk) return 0
    const last = [...framesIn(chunk.frames)].at(-1)?.sequence
    if (last === chunk.last) return last
    this.#tables.deleteChunk(chunk.last)
    if (last === undefined) return this.#lastKept()
    this.#tables.putChunk(last, chunk.frames)
    return last
  }

  /** After damage: finds every hole, and counts bytes anew from what is there. */
  #recount(): void {
    let bytes = 0
    const passed = new Map<string, number>()
    for (const step of this.#mendedWalk(this.#memory.spool.floor)) {
      for (const sink of this.#memory.sinks.values()) {
        if (step.frame.sequence > sink.cursor && !passed.has(sink.name)) passed.set(sink.name, bytes)
      }
      bytes += step.frame.lineBytes
    }
    const { spool, sinks } = this.#memory
    this.#memory = { spool: { ...spool, bytes }, sinks }
    this.#storeSpool()
    this.#storeSinks(
      [...sinks.values()].map((sink) =>
        settled({ ...sink, passed: passed.get(sink.name) ?? bytes }, { ...spool, bytes }),
      ),
    )
  }

  #refuseBeyondBounds(events: readonly ResultEvent[]): void {
    let bytes = 0
    for (const event of events) bytes += Buffer.byteLength(event.line)
    const waiting = this.#waitingBytes()
    if (this.#memory.sinks.size === 0 || waiting + bytes <= this.#bounds.maxBytes) return
    throw new SpoolFullError(
      `cannot spool ${events.length} events of ${bytes} bytes: ${waiting} bytes wait already; expected ${this.#bounds.maxBytes} at most. See which sink does not deliver, or raise the bound`,
    )
  }

  #tryRead(
    name: string,
    limits: { readonly maxEvents: number; readonly maxBytes: number },
  ): SpooledEvent[] | { readonly repair: () => void } {
    const sink = this.#memory.sinks.get(name)
    const events: SpooledEvent[] = []
    let bytes = 0
    // The first event is given whatever its length: who cannot send it says so by settling it as dead.
    const isFull = (next: number) =>
      events.length >= limits.maxEvents || (events.length > 0 && bytes + next > limits.maxBytes)
    if (!sink) return events
    for (const entry of sink.again) {
      if (isFull(entry.bytes)) return events
      const event = readFrame(this.#tables.again.frame(entry.row))
      if (event?.sequence !== entry.sequence) return { repair: () => this.#loseAgain(name, entry) }
      events.push(event)
      bytes += entry.bytes
    }
    for (const step of this.#backlog.walk(sink.cursor, this.newest)) {
      if (events.length >= limits.maxEvents) return events
      if (step.hole) return { repair: () => this.#mend(step.hole) }
      if (step.frame.isLost) continue
      if (isFull(step.frame.lineBytes)) return events
      events.push(eventOf(step.buffer, step.frame))
      bytes += step.frame.lineBytes
    }
    return events
  }

  #countDone(
    sink: SinkRecord,
    bySequence: ReadonlyMap<number, SpooledEvent>,
    outcome: { readonly delivered: ReadonlySet<number>; readonly dead: ReadonlyMap<number, string> },
  ): { readonly delivered: number; readonly deadLetters: number } {
    const again = new Set(sink.again.map((entry) => entry.sequence))
    let { delivered, deadLetters } = sink
    for (const [sequence, event] of bySequence) {
      if (sequence > this.newest || (sequence <= sink.cursor && !again.has(sequence))) continue // settled before
      const reason = outcome.dead.get(sequence)
      if (reason !== undefined) {
        deadLetters++
        this.#letters.add(sink.name, reason, this.#frame(event))
      } else if (outcome.delivered.has(sequence)) delivered++
    }
    return { delivered, deadLetters }
  }

  /** Moves the cursor over the last event that is done with; what is not done with before it is kept to be read again. */
  #advance(
    sink: SinkRecord,
    bySequence: ReadonlyMap<number, SpooledEvent>,
    isDone: (sequence: number) => boolean,
  ): SinkRecord {
    let last = sink.cursor
    for (const sequence of bySequence.keys()) {
      if (sequence > last && sequence <= this.newest && isDone(sequence)) last = sequence
    }
    let { cursor, passed } = sink
    while (cursor < last && isDone(cursor + 1)) {
      passed += Buffer.byteLength(bySequence.get(++cursor)?.line ?? '')
    }
    let moved: SinkRecord = { ...sink, cursor, passed }
    if (cursor === last) return moved
    moved = this.#withoutHoles(moved, last)
    const again: AgainEntry[] = [...moved.again]
    for (const { frame, buffer } of this.#mendedWalk(cursor)) {
      if (frame.first > last) break
      moved = pass(moved, frame)
      if (frame.isLost || isDone(frame.sequence)) continue
      const { sequence, lineBytes: bytes, unixTime, start, end } = frame
      again.push(storeAgain(this.#tables, sink.name, { sequence, bytes, unixTime }, buffer.subarray(start, end)))
    }
    return { ...moved, again }
  }

  /** Mends what lies between a sink's cursor and a sequence; gives the sink with what was counted by that. */
  #withoutHoles(sink: SinkRecord, last: number): SinkRecord {
    for (const { frame } of this.#mendedWalk(sink.cursor)) if (frame.sequence >= last) break
    const { damaged, lostAhead } = this.#memory.sinks.get(sink.name) ?? sink
    return { ...sink, damaged, lostAhead }
  }

  /** Drops from the oldest on, for every sink that lacks it, while `isDue` says so of its time and of the bytes that wait. */
  #drop(isDue: (unixTime: number, waiting: number) => boolean, most: number): void {
    let left = most
    for (let hole: Hole | undefined; ; this.#mend(hole)) {
      const dropping = new Dropping([...this.#memory.sinks.values()], this.#waitingBytes(), isDue, left)
      hole = dropping.run(this.#backlog.walk(this.#floor(), this.newest))
      left = dropping.left
      for (const { row } of dropping.againDropped) this.#tables.again.delete(row)
      this.#storeSinks(dropping.changed().map((sink) => settled(sink, this.#memory.spool)))
      if (!hole) return
    }
  }

  /** A walk that mends what it meets. Inside a transaction. */
  *#mendedWalk(after: number): Generator<Extract<Step, { frame: FrameView }>> {
    let reached = after
    for (let isMended = true; isMended; ) {
      isMended = false
      for (const step of this.#backlog.walk(reached, this.newest)) {
        if (!step.hole) {
          yield step
          reached = step.frame.sequence
          continue
        }
        this.#mend(step.hole)
        isMended = true
        break
      }
    }
  }

  /** Puts lost frames into a hole, and counts them. Inside a transaction. */
  #mend(hole: Hole): void {
    const lost = this.#backlog.mend(hole, this.newest, this.#stream)
    const sinks = [...this.#memory.sinks.values()].map((sink) => settled(lost.reduce(lose, sink), this.#memory.spool))
    this.#storeSinks(sinks.filter((sink) => sink !== this.#memory.sinks.get(sink.name)))
  }

  #loseAgain(name: string, lost: AgainEntry): void {
    const sink = this.#memory.sinks.get(name)
    if (!sink) return
    this.#tables.again.delete(lost.row)
    this.#storeSinks([{ ...sink, damaged: sink.damaged + 1, again: sink.again.filter((entry) => entry !== lost) }])
  }

  /** Frees chunks that every sink has, the oldest `most` of them. */
  #free(most: number): void {
    const floor = this.#floor()
    if (floor <= this.#freedUpTo) return
    if (this.#backlog.free(floor, most)) this.#freedUpTo = floor
  }

  /** Gives free pages back to the file system once they are most of the file. */
  #shrink(): void {
    this.#store.read(() => {
      const { database } = this.#store
      const free = Number(database.prepare('PRAGMA freelist_count').get()?.['freelist_count'])
      const all = Number(database.prepare('PRAGMA page_count').get()?.['page_count'])
      if (free > pagesPerTidy && free > all / 2) database.exec(`PRAGMA incremental_vacuum(${pagesPerTidy})`)
    })
  }

  /** Sequence up to which every sink has everything, apart from what it is to get again. */
  #floor(): number {
    let floor = this.newest
    for (const sink of this.#memory.sinks.values()) if (sink.cursor < floor) floor = sink.cursor
    return floor
  }

  #waitingBytes(): number {
    const { spool, sinks } = this.#memory
    let passed = spool.bytes
    let again = 0
    for (const sink of sinks.values()) {
      if (sink.passed < passed) passed = sink.passed
      if (sink.again.length > 0) again += againBytes(sink.again)
    }
    return spool.bytes - passed + again
  }

  /** A sink that lost its row: everything that is there waits for it, and what is known to be lost counts. */
  #fromFloor(name: string): SinkRecord {
    const { floor } = this.#memory.spool
    let lost = 0
    for (const { frame } of this.#mendedWalk(floor))
      if (frame.isLost) lost += frame.sequence - Math.max(frame.first, floor + 1) + 1
    return { ...sinkFrom(0, name, floor, this.#bytesUpTo(floor)), damaged: lost, lostAhead: lost }
  }

  /** Bytes of lines up to a sequence that is not freed yet, counted as in the spool's record. */
  #bytesUpTo(sequence: number): number {
    let after = 0
    for (const { frame } of this.#mendedWalk(sequence)) after += frame.lineBytes
    return Math.max(0, this.#memory.spool.bytes - after)
  }

  #oldest(sink: SinkRecord): number | undefined {
    const [first] = sink.again
    if (first) return first.unixTime
    for (const step of this.#backlog.walk(sink.cursor, this.newest)) {
      if (step.hole) return undefined
      if (!step.frame.isLost) return step.frame.unixTime
    }
    return undefined
  }

  #frame(event: SpooledEvent): Buffer {
    const buffer = Buffer.alloc(mostFrameBytes(event))
    const stream = Buffer.from(event.id.slice(0, 16), 'hex')
    return buffer.subarray(0, writeFrame(buffer, 0, event, event.sequence, stream))
  }

  #storeSpool(): void {
    const { spool, sinks } = this.#memory
    // While rows of sinks are missing, the floor stays: who takes their places starts there.
    const floor = spool.sinks === sinks.size ? this.#floor() : spool.floor
    this.#memory = { spool: { ...spool, floor }, sinks }
    this.#tables.writeState(spoolText(this.#memory.spool))
  }

  #storeSinks(changed: readonly SinkRecord[]): void {
    if (changed.length === 0) return
    const sinks = new Map(this.#memory.sinks)
    for (const sink of changed) sinks.set(sink.name, storeSink(this.#tables, sink))
    this.#memory = { spool: this.#memory.spool, sinks }
  }
}
