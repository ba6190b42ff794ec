/**
 * Needles: the byte strings that decide which files decoders and rules get to see.
 *
 * Each decoder and each rule names byte strings of which one must occur in a file for it to find anything. All of them
 * are searched for at once, natively; what no needle is in is never opened by JavaScript.
 */

/** The distinct needles of everybody, and which of them were found. */
export class Needles {
  /** As they are searched for. */
  readonly patterns: readonly Uint8Array[]
  readonly #numbers: ReadonlyMap<string, number>

  /** `hex`: byte strings as lower-case hex; duplicates are welcome. */
  constructor(hex: Iterable<string>) {
    const distinct = [...new Set(hex)].sort()
    this.patterns = distinct.map((one) => Uint8Array.from(Buffer.from(one, 'hex')))
    this.#numbers = new Map(distinct.map((one, number) => [one, number]))
  }

  /** Whether one of some needles is among those found. Needles nobody searched for count as found. */
  isAny(wanted: readonly string[], found: ReadonlySet<number>): boolean {
    return wanted.some((one) => {
      const number = this.#numbers.get(one)
      return number === undefined || found.has(number)
    })
  }
}
