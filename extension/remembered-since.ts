/**
 * Looks for what is new since some time: one look for everybody who asks for that time or a later one.
 */
import type { Remembered } from './remembered.ts'

/** Answers by looking for what is at or after a time, unix seconds; it may answer with more. */
export class RememberedSince<T> {
  readonly #make: (look: (signal: AbortSignal) => Promise<T>) => Remembered<T>
  readonly #look: (since: number, signal: AbortSignal) => Promise<T>
  #last: { readonly since: number; readonly answer: Remembered<T> } | undefined

  /** `make` gives a look its clock and its limits. */
  constructor(
    look: (since: number, signal: AbortSignal) => Promise<T>,
    make: (look: (signal: AbortSignal) => Promise<T>) => Remembered<T>,
  ) {
    this.#look = look
    this.#make = make
  }

  /** The answer for one caller, who may stop waiting while others go on. */
  get(since: number, signal: AbortSignal): Promise<T> {
    if (this.#last === undefined || this.#last.since > since || !this.#last.answer.isGood) {
      this.#last = { since, answer: this.#make((until) => this.#look(since, until)) }
    }
    return this.#last.answer.get(signal)
  }
}
