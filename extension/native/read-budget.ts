/**
 * A bound on bytes read a second, kept by resting, for the portable engine; the native one keeps to its own.
 */
import { type Meters, shortestRestMs, systemMeters } from './cpu-budget.ts'
import { Debt } from './debt.ts'

/** The smallest rate that is kept: below, one block of a file would take longer than anybody waits. */
const smallestRate = 65_536

/** Makes its callers rest. */
export class ReadBudget {
  readonly #bytesPerMs: number
  readonly #meters: Pick<Meters, 'wallMs' | 'sleep'>
  readonly #debt = new Debt()
  #bytes = 0

  constructor(bytesPerSecond: number, meters: Pick<Meters, 'wallMs' | 'sleep'> = systemMeters) {
    this.#bytesPerMs = (bytesPerSecond > smallestRate ? bytesPerSecond : smallestRate) / 1000
    this.#meters = meters
  }

  /** Counts bytes that were read. */
  count(bytes: number): void {
    this.#bytes += bytes
  }

  /** Rests until they are paid for, after telling for how long. Rejects with the signal's reason when aborted. */
  async rest(signal: AbortSignal, tell: (ms: number) => void = () => {}): Promise<void> {
    signal.throwIfAborted()
    const owed = this.#debt.owe(this.#bytes / this.#bytesPerMs, this.#meters.wallMs())
    this.#bytes = 0
    if (owed < shortestRestMs) return
    tell(owed)
    await this.#meters.sleep(owed, signal)
  }
}
