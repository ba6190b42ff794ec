/**
 * The time, as an argument: tests pass their own.
 */

/** Tells the time. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number
}

/** The machine's clock. */
export const systemClock: Clock = { nowMs: () => Date.now() }
