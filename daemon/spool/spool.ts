/**
 * The spool: events between being noticed and being delivered, once for all sinks, with a cursor for each.
 *
 * What was appended in a committed transaction is delivered at least once to every sink, whatever ends the process, or
 * is counted as dropped where the bounds demanded it. The spool compares and sends nothing.
 */
import type { ResultEvent, SpooledEvent } from '../../extension/domain/result-event.ts'

/** Bounds, and what happens at them. */
export interface SpoolBounds {
  /** Bytes of lines that wait. */
  readonly maxBytes: number
  /** An event that is older is dropped for the sinks that still lack it; 0: no bound. */
  readonly maxAgeSeconds: number
  /** `drop_oldest`: makes room and counts; `refuse_new`: append throws `SpoolFullError`, the caller keeps its old state and asks again later. */
  readonly whenFull: 'drop_oldest' | 'refuse_new'
}

/** Thrown by `append` under `refuse_new`. */
export class SpoolFullError extends Error {
  override readonly name = 'SpoolFullError'
}

/** What one sink still has to get, and what became of the rest. */
export interface SinkStanding {
  readonly sink: string
  /** Events and bytes that wait, those to be sent again included. */
  readonly waiting: number
  readonly waitingBytes: number
  /** Unix seconds of the oldest that waits. */
  readonly oldest: number | undefined
  readonly delivered: number
  /** Lost to the bounds. */
  readonly dropped: number
  /** Refused for good by the receiver, or too long for it. */
  readonly deadLetters: number
  /** Lost to damage of the file. */
  readonly damaged: number
}

/** An event that a sink will never take, kept for a person to look at. */
export interface DeadLetter {
  readonly sink: string
  readonly reason: string
  readonly event: SpooledEvent
}

/** The open spool. */
export interface Spool {
  /** Random, made with the file: sequences of another file are another stream. */
  readonly stream: string
  /** Sinks in force: one that is new starts behind the newest event; one that is gone is forgotten, and its backlog with it. */
  setSinks(names: readonly string[]): void
  /** Adds events in their order, inside the transaction that is open or in one of its own. */
  append(events: readonly ResultEvent[]): void
  /** What is next for a sink: those to be sent again first, then in order. Reading changes nothing. */
  read(sink: string, limits: { readonly maxEvents: number; readonly maxBytes: number }): readonly SpooledEvent[]
  /**
   * Settles what `read` gave: `delivered` and `dead` are done with, all others of `events` will be read again, before newer
   * ones. One durable transaction.
   */
  settle(
    sink: string,
    events: readonly SpooledEvent[],
    outcome: { readonly delivered: ReadonlySet<number>; readonly dead: ReadonlyMap<number, string> },
  ): void
  standings(): readonly SinkStanding[]
  deadLetters(sink?: string, limit?: number): readonly DeadLetter[]
  /** Drops what is too old, frees the space of what every sink has. Bounded work; called now and then. */
  tidy(nowSeconds: number): void
  /** Resolves when something was appended since `sequence`, or `signal` aborts. */
  appended(sequence: number, signal: AbortSignal): Promise<void>
  /** Sequence of the newest event; 0 where none ever was. */
  readonly newest: number
}
