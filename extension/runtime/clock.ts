/**
 * The time and what happens later, as arguments: tests pass their own.
 */

/** Tells the time. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number
}

/** The machine's clock. */
export const systemClock: Clock = { nowMs: () => Date.now() }

/** Wakes somebody later. */
export interface Alarm {
  /** Rings once after so many milliseconds; the answer calls it off. */
  after(ms: number, ring: () => void): () => void
}

/** Node's timers, which do not keep the process alive. */
export const systemAlarm: Alarm = {
  after: (ms, ring) => {
    const timer = setTimeout(ring, ms).unref()
    return () => clearTimeout(timer)
  },
}
