/**
 * Many strings in bytes, ASCII case ignored: at every place, whether three bytes can begin a string, then which.
 */

const lower = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte))

/** Where a string lies. */
export interface Hit {
  readonly start: number
  readonly end: number
}

/** Strings ready to be looked for. */
export class StringSearch {
  /** Bytes of the longest. */
  readonly longest: number
  /** One bit for each three bytes that begin a string. */
  readonly #beginnings = new Uint8Array(2 ** 21)
  /** The strings by their first three bytes, the longest first. */
  readonly #strings = new Map<number, Uint8Array[]>()

  constructor(patterns: readonly string[]) {
    for (const pattern of new Set(patterns.map((one) => one.toLowerCase()))) {
      const bytes = Buffer.from(pattern, 'latin1')
      const key = ((bytes[0] ?? 0) << 16) | ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0)
      this.#beginnings[key >> 3] = (this.#beginnings[key >> 3] ?? 0) | (1 << (key & 7))
      this.#strings.set(key, [...(this.#strings.get(key) ?? []), bytes])
    }
    for (const strings of this.#strings.values()) strings.sort((a, b) => b.length - a.length)
    this.longest = patterns.reduce((most, { length }) => Math.max(most, length), 0)
  }

  /** The leftmost string in `from..end` that ends behind `endsAfter`; the longest of those that begin there. */
  find(text: Uint8Array, from: number, end: number, endsAfter: number): Hit | undefined {
    const beginnings = this.#beginnings
    let key = ((lower[text[from] ?? 0] ?? 0) << 8) | (lower[text[from + 1] ?? 0] ?? 0)
    for (let at = from + 2; at < end; at++) {
      key = ((key << 8) | (lower[text[at] as number] as number)) & 0xffffff
      if (((beginnings[key >> 3] as number) & (1 << (key & 7))) === 0) continue
      const start = at - 2
      for (const one of this.#strings.get(key) ?? []) {
        if (start + one.length > endsAfter && start + one.length <= end && holds(text, start, one)) {
          return { start, end: start + one.length }
        }
      }
    }
    return undefined
  }
}

function holds(text: Uint8Array, start: number, string: Uint8Array): boolean {
  for (let i = 3; i < string.length; i++) if (lower[text[start + i] ?? 0] !== string[i]) return false
  return true
}
