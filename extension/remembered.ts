/**
 * One look for everybody who asks within a few seconds.
 *
 * Tables are asked in bursts (a pack, a join), and a look at a host costs a walk or a question to osquery. Who stops
 * waiting does not stop the others; the look itself ends by its own time limit or when the hunt closes.
 */
import { untilAborted } from './native/portable/patience.ts'
import type { Clock } from './runtime/clock.ts'

/** How long an answer is good, and how long a look may take. */
export interface LookTimes {
  readonly rememberMs: number
  readonly timeoutMs: number
}

/** Long enough for the tables of one query, short enough that nobody sees yesterday. An image of a full disk takes minutes. */
export const defaultTimes: LookTimes = { rememberMs: 10_000, timeoutMs: 600_000 }

interface Running<T> {
  readonly answer: Promise<T>
  /** When it was done; undefined while it is not. */
  doneMs: number | undefined
}

/** Answers by looking, at most once within its time. */
export class Remembered<T> {
  readonly #look: (signal: AbortSignal) => Promise<T>
  readonly #clock: Clock
  readonly #times: LookTimes
  readonly #closing: AbortSignal | undefined
  #last: Running<T> | undefined

  /** `closing` ends every look. */
  constructor(
    look: (signal: AbortSignal) => Promise<T>,
    clock: Clock,
    closing?: AbortSignal,
    times: LookTimes = defaultTimes,
  ) {
    this.#look = look
    this.#clock = clock
    this.#times = times
    this.#closing = closing
  }

  /** The answer for one caller, who may stop waiting while others go on. */
  get(signal: AbortSignal): Promise<T> {
    return untilAborted(signal, this.#current())
  }

  /** Whether the next caller gets an answer without a new look, or waits for one that is under way. */
  get isGood(): boolean {
    const last = this.#last
    const age = last?.doneMs === undefined ? 0 : this.#clock.nowMs() - last.doneMs
    return last !== undefined && age >= 0 && age < this.#times.rememberMs
  }

  /** Makes the next caller look again. */
  forget(): void {
    this.#last = undefined
  }

  #current(): Promise<T> {
    if (this.#last && this.isGood) return this.#last.answer
    const limit = AbortSignal.timeout(this.#times.timeoutMs)
    const signal = this.#closing ? AbortSignal.any([limit, this.#closing]) : limit
    const fresh: Running<T> = { answer: this.#look(signal), doneMs: undefined }
    this.#last = fresh
    fresh.answer.then(
      () => {
        fresh.doneMs = this.#clock.nowMs()
      },
      () => {
        if (this.#last === fresh) this.#last = undefined // the next caller tries again
      },
    )
    return fresh.answer
  }
}
