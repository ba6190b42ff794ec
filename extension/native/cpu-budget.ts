/**
 * A share of one core, kept by resting: the pacing of work that runs on Node's own threads.
 *
 * It counts the CPU time of the whole process, because reads run on threads that cannot be told apart. Work that
 * shares the process with queries therefore gives way to them. The native engine keeps to its pace by itself; this is
 * for the portable one, and for what a sweep does between the engine's batches.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Debt } from './debt.ts'

/** Rests shorter than this are saved up; milliseconds. A timer is hardly more exact. */
export const shortestRestMs = 5
/** The smallest share that is kept. */
const smallestShare = 0.001

/** What a budget measures with; tests bring their own. */
export interface Meters {
  /** CPU milliseconds of this process, all threads. */
  readonly usedMs: () => number
  /** Wall milliseconds since some moment, never set back. */
  readonly wallMs: () => number
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Those of this process. */
export const systemMeters: Meters = {
  usedMs: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
  wallMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted())
  },
}

/** Makes its callers rest. */
export class CpuBudget {
  readonly #share: number
  readonly #meters: Meters
  #accountedMs: number
  readonly #debt = new Debt()

  constructor(share: number, meters: Meters = systemMeters) {
    this.#share = Number.isFinite(share) ? Math.max(share, smallestShare) : smallestShare
    this.#meters = meters
    this.#accountedMs = meters.usedMs()
  }

  /**
   * Rests until what was used is paid for, after telling for how long: a deadline must know before it comes. Rejects
   * with the signal's reason when aborted.
   */
  async rest(signal: AbortSignal, tell: (ms: number) => void = () => {}): Promise<void> {
    signal.throwIfAborted()
    const owed = this.#owedMs(this.#meters.wallMs())
    if (owed < shortestRestMs) return
    tell(owed)
    await this.#meters.sleep(owed, signal)
  }

  #owedMs(now: number): number {
    const used = this.#meters.usedMs()
    const owed = (used - this.#accountedMs) / this.#share
    this.#accountedMs = used
    return this.#debt.owe(owed, now)
  }
}
