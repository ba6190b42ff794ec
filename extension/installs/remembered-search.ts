/**
 * One search for everybody who asks within a few seconds.
 *
 * Tables are asked in bursts (a pack, a join), and a search costs a walk over the places. Who stops waiting does not
 * stop the others; the search itself ends by its own time limit or when the hunt closes.
 */
import { untilAborted } from '../native/portable/patience.ts'
import { findInstalls, type InstallParts, type InstallSearch } from './find-installs.ts'

/** How long an answer is good, and how long a search may take. */
export interface SearchTimes {
  readonly rememberMs: number
  readonly timeoutMs: number
}

/** Long enough for the tables of one query, short enough that nobody sees yesterday. An image of a full disk takes minutes. */
export const defaultTimes: SearchTimes = { rememberMs: 10_000, timeoutMs: 600_000 }

interface Running {
  readonly search: Promise<InstallSearch>
  /** When it was done; undefined while it is not. */
  doneMs: number | undefined
}

/** Answers over one plan. */
export class RememberedSearch {
  readonly #parts: InstallParts
  readonly #times: SearchTimes
  readonly #closing: AbortSignal | undefined
  #last: Running | undefined

  /** `closing` ends every search. */
  constructor(parts: InstallParts, closing?: AbortSignal, times: SearchTimes = defaultTimes) {
    this.#parts = parts
    this.#times = times
    this.#closing = closing
  }

  /** The answer for one caller, who may stop waiting while others go on. */
  get(signal: AbortSignal): Promise<InstallSearch> {
    return untilAborted(signal, this.#current())
  }

  #current(): Promise<InstallSearch> {
    const last = this.#last
    const age = last?.doneMs === undefined ? 0 : this.#parts.clock.nowMs() - last.doneMs
    if (last && age >= 0 && age < this.#times.rememberMs) return last.search
    const limit = AbortSignal.timeout(this.#times.timeoutMs)
    const signal = this.#closing ? AbortSignal.any([limit, this.#closing]) : limit
    const fresh: Running = { search: findInstalls(this.#parts, signal), doneMs: undefined }
    this.#last = fresh
    fresh.search.then(
      () => {
        fresh.doneMs = this.#parts.clock.nowMs()
      },
      () => {
        if (this.#last === fresh) this.#last = undefined // the next caller tries again
      },
    )
    return fresh.search
  }
}
