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
  /** The times themselves, in no order: for quantiles over several tables. */
  readonly recent_ms: readonly number[]
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
    const times = this.#times.slice(0, Math.min(this.#calls, keptTimes))
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
      recent_ms: [...times],
    }
  }
}

/** The time that this share of calls did not take longer than; 0 when there was no call. */
export function quantile(times: Iterable<number>, share: number): number {
  const ascending = Float64Array.from(times).sort()
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)] ?? 0
}
