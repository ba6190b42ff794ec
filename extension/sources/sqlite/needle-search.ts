/**
 * Whether bytes hold one of many strings: what `Needles.mayHold` says, for a thread that cannot be given a function.
 *
 * One look per byte at a table of the first three, and comparing only where those fit, so the number of strings hardly
 * matters, and most texts are never decoded. ASCII case is ignored. A string of less than three bytes makes every text a
 * maybe.
 */

const tableBits = 16
const keyShift = 32 - tableBits
/** Fibonacci hashing: 2^32 divided by the golden ratio. */
const multiplier = 0x9e3779b1
/** Bytes in lower case. */
const folded = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte))

/** Strings to look for. */
export class NeedleSearch {
  readonly #starts = new Uint8Array(1 << tableBits)
  readonly #byStart = new Map<number, Uint8Array[]>()
  readonly #isAny: boolean

  /** `texts`: lower case. */
  constructor(texts: readonly string[]) {
    const needles = texts.map((text) => Buffer.from(text))
    this.#isAny = needles.some(({ length }) => length < 3)
    for (const needle of needles) {
      const key = keyOf(needle[0] ?? 0, needle[1] ?? 0, needle[2] ?? 0)
      this.#starts[key] = 1
      const others = this.#byStart.get(key)
      if (others) others.push(needle)
      else this.#byStart.set(key, [needle])
    }
  }

  /** Whether the text holds one of them. */
  isIn(text: string): boolean {
    const bytes = Buffer.from(text)
    return this.isInBytes(bytes, 0, bytes.length)
  }

  /** Whether one of them lies whole between two places. */
  isInBytes(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#isAny) return true
    const starts = this.#starts
    let last = 0
    for (let at = start; at < end; at++) {
      last = ((last << 8) | (folded[bytes[at] ?? 0] ?? 0)) & 0xffffff
      const key = Math.imul(last, multiplier) >>> keyShift
      if (starts[key] === 1 && at >= start + 2 && this.#isAt(bytes, at - 2, end, key)) return true
    }
    return false
  }

  #isAt(bytes: Uint8Array, at: number, end: number, key: number): boolean {
    const candidates = this.#byStart.get(key) ?? []
    return candidates.some((needle) => {
      if (at + needle.length > end) return false
      for (let i = 0; i < needle.length; i++) if (folded[bytes[at + i] ?? 0] !== needle[i]) return false
      return true
    })
  }
}

function keyOf(first: number, second: number, third: number): number {
  return Math.imul((first << 16) | (second << 8) | third, multiplier) >>> keyShift
}
