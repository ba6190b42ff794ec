/**
 * How long a sink is left alone after a failure, and when it is given only a little to try with.
 *
 * Waiting times double from the shortest to the longest and are drawn at random below that (full jitter), so that a
 * thousand hosts do not come back to a receiver at the same moment. After some failures in a row the circuit is open: the
 * next try is a probe of one event, so that a receiver that is coming back is not met by the largest batch. This decides;
 * nothing here waits.
 */

/** Bounds of the waiting times. */
export interface BackoffOptions {
  readonly minMs: number
  readonly maxMs: number
  /** Failures in a row after which the circuit opens. */
  readonly openAfter: number
}

/** Whether a sink is in use (`closed`), left alone (`open`), or being tried with one event (`half_open`). */
export type CircuitState = 'closed' | 'open' | 'half_open'

/** The failures of one sink in a row. */
export class Backoff {
  readonly #options: BackoffOptions
  readonly #random: () => number
  #failures = 0

  /** `random` gives numbers from 0 to below 1. */
  constructor(options: BackoffOptions, random: () => number) {
    this.#options = options
    this.#random = random
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures
  }

  /** Whether the next try is a probe. */
  get isProbing(): boolean {
    return this.#failures >= this.#options.openAfter
  }

  succeeded(): void {
    this.#failures = 0
  }

  /**
   * Counts a failure and tells the milliseconds to wait. What the receiver asked for is kept, up to the longest time;
   * what only a person can mend is tried again after the longest time at once.
   */
  failed({ askedMs, needsPerson = false }: { askedMs?: number | undefined; needsPerson?: boolean } = {}): number {
    const { minMs, maxMs } = this.#options
    const ceiling = needsPerson ? maxMs : Math.min(maxMs, minMs * 2 ** Math.min(this.#failures, 30))
    this.#failures++
    const drawn = ceiling / 2 + (this.#random() * ceiling) / 2
    return Math.round(Math.min(maxMs, Math.max(drawn, askedMs ?? 0)))
  }
}
