/**
 * Which sequences of a stream have been seen: disjoint intervals, so that a log of gigabytes without gaps costs one.
 *
 * Intervals are bounded. When there are too many the lower half is settled: its gaps are counted, the first of them
 * remembered, and whatever still comes from there is late and can no longer be told from a repeat.
 */

/** Sequences from the first to the second, both included. */
export type Interval = readonly [number, number]

/** What became of a sequence that was added. */
export type Added = 'new' | 'repeat' | 'late'

/** Sequences of one stream. */
export class SequenceSet {
  readonly #maxIntervals: number
  readonly #maxGaps: number
  #starts: number[] = []
  #ends: number[] = []
  #settledTo = 0
  #first: number | undefined
  readonly #settledGaps: Interval[] = []
  #settledGapCount = 0
  #settledMissing = 0

  constructor(bounds: { readonly maxIntervals: number; readonly maxGaps: number }) {
    this.#maxIntervals = Math.max(4, bounds.maxIntervals)
    this.#maxGaps = bounds.maxGaps
  }

  /** Lowest and highest that were added. */
  get first(): number | undefined {
    return this.#first
  }

  get last(): number | undefined {
    return this.#ends.at(-1)
  }

  add(sequence: number): Added {
    if (this.#first === undefined || sequence < this.#first) {
      if (sequence > this.#settledTo || this.#first === undefined) this.#first = sequence
    }
    if (sequence <= this.#settledTo) return 'late'
    const at = this.#behind(sequence)
    const start = this.#starts[at - 1]
    const end = this.#ends[at - 1]
    if (start !== undefined && end !== undefined && sequence <= end) return 'repeat'
    const joinsLower = end === sequence - 1
    const joinsUpper = this.#starts[at] === sequence + 1
    if (joinsLower && joinsUpper) {
      this.#ends[at - 1] = this.#ends[at] ?? sequence
      this.#starts.splice(at, 1)
      this.#ends.splice(at, 1)
    } else if (joinsLower) this.#ends[at - 1] = sequence
    else if (joinsUpper) this.#starts[at] = sequence
    else {
      this.#starts.splice(at, 0, sequence)
      this.#ends.splice(at, 0, sequence)
      if (this.#starts.length > this.#maxIntervals) this.#settle()
    }
    return 'new'
  }

  /** What is missing between the first and the last, or from `from` on. The list is bounded, the numbers are not. */
  gaps(from?: number): { readonly list: readonly Interval[]; readonly count: number; readonly missing: number } {
    const list: Interval[] = []
    let count = this.#settledGapCount
    let missing = this.#settledMissing
    const tell = (low: number, high: number) => {
      if (low > high) return
      count++
      missing += high - low + 1
      if (list.length < this.#maxGaps) list.push([low, high])
    }
    if (from !== undefined && this.#first !== undefined) tell(from, this.#first - 1)
    list.push(...this.#settledGaps.slice(0, this.#maxGaps - list.length))
    for (let at = 1; at < this.#starts.length; at++) tell((this.#ends[at - 1] ?? 0) + 1, (this.#starts[at] ?? 0) - 1)
    return { list, count, missing }
  }

  /** Number of intervals that begin at or below a sequence. */
  #behind(sequence: number): number {
    let [low, high] = [0, this.#starts.length]
    if ((this.#starts[high - 1] ?? 0) <= sequence) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#starts[middle] ?? 0) <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }

  #settle(): void {
    const count = this.#starts.length >>> 1
    for (let at = 0; at < count; at++) {
      const gap: Interval = [(this.#ends[at] ?? 0) + 1, (this.#starts[at + 1] ?? 0) - 1]
      this.#settledGapCount++
      this.#settledMissing += gap[1] - gap[0] + 1
      if (this.#settledGaps.length < this.#maxGaps) this.#settledGaps.push(gap)
    }
    this.#settledTo = (this.#starts[count] ?? 1) - 1
    this.#starts = this.#starts.slice(count)
    this.#ends = this.#ends.slice(count)
  }
}
