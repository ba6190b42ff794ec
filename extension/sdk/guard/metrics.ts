/**
 * What one table has done since the start: counts, and how long the latest calls took.
 */

/** Metrics of a table. Times are milliseconds over the latest calls. */
export interface TableMetrics {
  readonly table: string
  readonly calls: number
  readonly rows: number
  readonly bytes: number
  /** Calls that failed for any reason, late and refused ones included. */
  readonly errors: number
  /** Calls that did not end within their deadline. */
  readonly late: number
  /** Calls refused because too many were waiting. */
  readonly refused: number
  /** Answers that were cut at a budget. */
  readonly truncated: number
  readonly running: number
  readonly p50_ms: number
  readonly p99_ms: number
}

/** Times kept: enough for a steady p99, and nothing to speak of in memory. */
const keptTimes = 512

/** How a call ended. */
export type Outcome = 'answered' | 'failed' | 'late' | 'refused'

/** Counts calls of one table. */
export class Meter {
  readonly #times = new Float64Array(keptTimes)
  #calls = 0
  #rows = 0
  #bytes = 0
  #truncated = 0
  readonly #outcomes: Record<Outcome, number> = { answered: 0, failed: 0, late: 0, refused: 0 }

  ended(outcome: Outcome, ms: number, answer?: { rows: number; bytes: number; isTruncated: boolean }): void {
    this.#times[this.#calls % keptTimes] = ms
    this.#calls++
    this.#outcomes[outcome]++
    this.#rows += answer?.rows ?? 0
    this.#bytes += answer?.bytes ?? 0
    if (answer?.isTruncated) this.#truncated++
  }

  read(table: string, running: number): TableMetrics {
    const times = this.#times.slice(0, Math.min(this.#calls, keptTimes)).sort()
    const { failed, late, refused } = this.#outcomes
    return {
      table,
      calls: this.#calls,
      rows: this.#rows,
      bytes: this.#bytes,
      errors: failed + late + refused,
      late,
      refused,
      truncated: this.#truncated,
      running,
      p50_ms: quantile(times, 0.5),
      p99_ms: quantile(times, 0.99),
    }
  }
}

/** Of ascending times; 0 when there is none. */
export function quantile(times: Float64Array, share: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
}
