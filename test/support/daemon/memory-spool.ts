/**
 * A spool in memory, by the contract's letter: what the delivery loop is tested with, and a model for the real one.
 */
import { crc32 } from 'node:zlib'
import type { DeadLetter, SinkStanding, Spool } from '../../../daemon/spool/spool.ts'
import type { ResultEvent, SpooledEvent } from '../../../extension/domain/result-event.ts'

/** Makes one with its sinks. */
export class MemorySpool implements Spool {
  readonly stream = 'memory'
  readonly #events: SpooledEvent[] = []
  readonly #waiting = new Map<string, number[]>()
  readonly #delivered = new Map<string, number[]>()
  readonly #dead: DeadLetter[] = []
  #wake = Promise.withResolvers<void>()

  get newest(): number {
    return this.#events.length
  }

  setSinks(names: readonly string[]): void {
    for (const name of this.#waiting.keys()) if (!names.includes(name)) this.#waiting.delete(name)
    for (const name of names) if (!this.#waiting.has(name)) this.#waiting.set(name, [])
  }

  append(events: readonly ResultEvent[]): void {
    for (const event of events) {
      const sequence = this.#events.length + 1
      this.#events.push({ ...event, sequence, id: `memory-${sequence}`, checksum: crc32(event.line) })
      for (const waiting of this.#waiting.values()) waiting.push(sequence)
    }
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }

  read(sink: string, { maxEvents, maxBytes }: { maxEvents: number; maxBytes: number }): readonly SpooledEvent[] {
    const found: SpooledEvent[] = []
    let bytes = 0
    for (const sequence of this.#waiting.get(sink) ?? []) {
      const event = this.#events[sequence - 1]
      if (!event || found.length >= maxEvents) break
      bytes += Buffer.byteLength(event.line)
      if (bytes > maxBytes && found.length > 0) break
      found.push(event)
    }
    return found
  }

  settle(
    sink: string,
    events: readonly SpooledEvent[],
    { delivered, dead }: { delivered: ReadonlySet<number>; dead: ReadonlyMap<number, string> },
  ): void {
    const waiting = this.#waiting.get(sink) ?? []
    for (const event of events) {
      const { sequence } = event
      const reason = dead.get(sequence)
      if (reason !== undefined) this.#dead.push({ sink, reason, event })
      else if (delivered.has(sequence)) this.deliveredTo(sink).push(sequence)
      else continue
      waiting.splice(waiting.indexOf(sequence), 1)
    }
  }

  /** Sequences in the order of their settlement. */
  deliveredTo(sink: string): number[] {
    const found = this.#delivered.get(sink) ?? []
    this.#delivered.set(sink, found)
    return found
  }

  standings(): readonly SinkStanding[] {
    return [...this.#waiting].map(([sink, waiting]) => ({
      sink,
      waiting: waiting.length,
      waitingBytes: 0,
      oldest: undefined,
      delivered: this.deliveredTo(sink).length,
      dropped: 0,
      deadLetters: this.deadLetters(sink).length,
      damaged: 0,
    }))
  }

  deadLetters(sink?: string): readonly DeadLetter[] {
    return this.#dead.filter((letter) => sink === undefined || letter.sink === sink)
  }

  tidy(): void {}

  async appended(sequence: number, signal: AbortSignal): Promise<void> {
    if (this.newest > sequence || signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => resolve(), { once: true })
    await Promise.race([this.#wake.promise, promise])
  }
}
