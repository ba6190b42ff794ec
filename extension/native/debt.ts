/**
 * Wall time owed for something that was used, and when it is paid: what the budgets of the pace share.
 */

/** What somebody who rested too long, or had nothing to do, may make up for; milliseconds. */
const creditMs = 100
/** Wall time owed at most, so that a burst of queries does not hold a sweep up for long; milliseconds. */
const largestDebtMs = 10_000

/** Adds up what is owed. */
export class Debt {
  #paidUntilMs = Number.NEGATIVE_INFINITY

  /** Adds wall time that is owed; how much is owed in all. */
  owe(ms: number, nowMs: number): number {
    const paid = Math.max(this.#paidUntilMs, nowMs - creditMs) + ms
    this.#paidUntilMs = Math.min(paid, nowMs + largestDebtMs)
    return this.#paidUntilMs - nowMs
  }
}
