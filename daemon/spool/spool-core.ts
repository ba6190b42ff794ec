/**
 * The working parts of the spool: its records in memory and in rows, its backlog, and what changes both together.
 *
 * Whatever changes memory does so inside a transaction and is put back when that is taken back. A gap in the sequences
 * is damage: it is mended, and counted for every sink that lacked the events, once. What the spool promises to others
 * is in `open-spool.ts`.
 */
import type { Store } from '../store/store.ts'
import { Arrivals } from './arrivals.ts'
import { Backlog, type Hole, type Step } from './backlog.ts'
import { DeadLetters } from './dead-letters.ts'
import { Dropping } from './dropping.ts'
import type { FrameView } from './event-frame.ts'
import { type HighWater, openHighWater } from './high-water.ts'
import { againBytes, lose, settled } from './sink-progress.ts'
import { loadMemory, type SpoolMemory, storeSink } from './spool-memory.ts'
import { type AgainEntry, type SinkRecord, spoolText } from './spool-records.ts'
import { type SpoolTables, spoolTables } from './spool-tables.ts'

/** Shared by the spool and what opens and settles for it. */
export class SpoolCore {
  readonly store: Store
  readonly tables: SpoolTables
  readonly backlog: Backlog
  readonly letters: DeadLetters
  readonly arrivals = new Arrivals()
  readonly highWater: HighWater
  readonly stream: Uint8Array
  memory: SpoolMemory
  #isChanging = false
  /** Sequence up to which chunks were freed. */
  #freedUpTo = 0

  constructor(store: Store) {
    this.store = store
    this.tables = spoolTables(store.database)
    this.backlog = new Backlog(this.tables)
    this.letters = store.read(() => new DeadLetters(this.tables))
    this.memory = loadMemory(this.tables, store)
    this.stream = Buffer.from(this.memory.spool.stream, 'hex')
    this.highWater = store.read(() => openHighWater(`${store.path}-newest`))
  }

  get newest(): number {
    return this.memory.spool.newest
  }

  /** Runs a change of memory and tables; both are as before when the transaction is taken back. */
  change(work: () => void): void {
    this.store.transaction(() => {
      this.#rememberFor()
      work()
    })
  }

  #rememberFor(): void {
    if (this.#isChanging) return
    this.#isChanging = true
    const memory = this.memory
    const letters = this.letters.held
    const freedUpTo = this.#freedUpTo
    this.store.atEnd((isDurable) => {
      this.#isChanging = false
      if (isDurable) {
        if (this.newest !== memory.spool.newest) this.#announce()
        return
      }
      this.memory = memory
      this.letters.restore(letters)
      this.#freedUpTo = freedUpTo
    })
  }

  #announce(): void {
    try {
      this.highWater.note(this.memory.spool.stream, this.newest)
    } catch {
      // A full disk: the database has it, and says so when it cannot.
    }
    this.arrivals.tell(this.newest)
  }

  /** A walk that mends what it meets. Inside a transaction. */
  *mendedWalk(after: number): Generator<Extract<Step, { frame: FrameView }>> {
    let reached = after
    for (let isMended = true; isMended; ) {
      isMended = false
      for (const step of this.backlog.walk(reached, this.newest)) {
        if (!step.hole) {
          yield step
          reached = step.frame.sequence
          continue
        }
        this.mend(step.hole)
        isMended = true
        break
      }
    }
  }

  /** Puts lost frames into a hole, and counts them. Inside a transaction. */
  mend(hole: Hole): void {
    const lost = this.backlog.mend(hole, this.newest, this.stream)
    const sinks = [...this.memory.sinks.values()].map((sink) => settled(lost.reduce(lose, sink), this.memory.spool))
    this.storeSinks(sinks.filter((sink) => sink !== this.memory.sinks.get(sink.name)))
  }

  loseAgain(name: string, lost: AgainEntry): void {
    const sink = this.memory.sinks.get(name)
    if (!sink) return
    this.tables.again.delete(lost.row)
    this.storeSinks([{ ...sink, damaged: sink.damaged + 1, again: sink.again.filter((entry) => entry !== lost) }])
  }

  /** Frees chunks that every sink has, the oldest `most` of them. */
  free(most: number): void {
    const floor = this.floor()
    if (floor <= this.#freedUpTo) return
    if (this.backlog.free(floor, most)) this.#freedUpTo = floor
  }

  /** Sequence up to which every sink has everything, apart from what it is to get again. */
  floor(): number {
    let floor = this.newest
    for (const sink of this.memory.sinks.values()) if (sink.cursor < floor) floor = sink.cursor
    return floor
  }

  waitingBytes(): number {
    const { spool, sinks } = this.memory
    let passed = spool.bytes
    let again = 0
    for (const sink of sinks.values()) {
      if (sink.passed < passed) passed = sink.passed
      if (sink.again.length > 0) again += againBytes(sink.again)
    }
    return spool.bytes - passed + again
  }

  storeSpool(): void {
    const { spool, sinks } = this.memory
    // While rows of sinks are missing, the floor stays: who takes their places starts there.
    const floor = spool.sinks === sinks.size ? this.floor() : spool.floor
    this.memory = { spool: { ...spool, floor }, sinks }
    this.tables.writeState(spoolText(this.memory.spool))
  }

  storeSinks(changed: readonly SinkRecord[]): void {
    if (changed.length === 0) return
    const sinks = new Map(this.memory.sinks)
    for (const sink of changed) sinks.set(sink.name, storeSink(this.tables, sink))
    this.memory = { spool: this.memory.spool, sinks }
  }

  /** Drops from the oldest on, for every sink that lacks it, while `isDue` says so of its time and of the bytes that wait. */
  drop(isDue: (unixTime: number, waiting: number) => boolean, most: number): void {
    let left = most
    for (let hole: Hole | undefined; ; this.mend(hole)) {
      const dropping = new Dropping([...this.memory.sinks.values()], this.waitingBytes(), isDue, left)
      hole = dropping.run(this.backlog.walk(this.floor(), this.newest))
      left = dropping.left
      for (const { row } of dropping.againDropped) this.tables.again.delete(row)
      this.storeSinks(dropping.changed().map((sink) => settled(sink, this.memory.spool)))
      if (!hole) return
    }
  }

  /** Bytes of lines up to a sequence that is not freed yet, counted as in the spool's record. */
  bytesUpTo(sequence: number): number {
    let after = 0
    for (const { frame } of this.mendedWalk(sequence)) after += frame.lineBytes
    return Math.max(0, this.memory.spool.bytes - after)
  }
}
