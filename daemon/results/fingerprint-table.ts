/**
 * Which rows were there: fingerprints in typed arrays, looked up by open addressing.
 *
 * A fingerprint is the first 128 bits of a row's SHA-256. Finding two rows with the same one takes 2^64 tries, on purpose
 * as by chance, so that equal fingerprints are taken as equal rows and no row need be kept in memory: 24 bytes per
 * distinct row, where a string in a Set takes several hundred. A slot is a distinct row and keeps its number.
 */
import { hash } from 'node:crypto'

/** 32-bit words of a fingerprint. */
export const fingerprintWords = 4

/** Digest of a row's text, as one character a byte: the cheapest form in which node:crypto gives it. */
export function fingerprintOf(text: string): string {
  return hash('sha256', text, 'binary')
}

/** Fingerprints, numbered from 0 in the order in which they came. */
export class FingerprintTable {
  #words: Int32Array
  /** Slot + 1 by place; 0: free. At most half of the places are taken. */
  #places: Int32Array
  #size = 0

  constructor(expected = 0) {
    this.#words = new Int32Array((expected + (expected >> 4) + 16) * fingerprintWords)
    this.#places = new Int32Array(placesFor(expected))
  }

  get size(): number {
    return this.#size
  }

  /** Words of the slots from `from` to before `to`. */
  words(from: number, to: number): Int32Array {
    return this.#words.subarray(from * fingerprintWords, to * fingerprintWords)
  }

  /** Slot of a fingerprint, or -1. */
  find(fingerprint: string): number {
    const [w0, w1, w2, w3] = [word(fingerprint, 0), word(fingerprint, 4), word(fingerprint, 8), word(fingerprint, 12)]
    const words = this.#words
    const places = this.#places
    const mask = places.length - 1
    for (let place = w0 & mask; ; place = (place + 1) & mask) {
      const slot = (places[place] ?? 0) - 1
      if (slot < 0) return -1
      const at = slot * fingerprintWords
      if (words[at] === w0 && words[at + 1] === w1 && words[at + 2] === w2 && words[at + 3] === w3) return slot
    }
  }

  /** Gives a fingerprint that is not there yet the next slot. */
  add(fingerprint: string): number {
    const slot = this.#next(1)
    for (let at = 0; at < fingerprintWords; at++) {
      this.#words[slot * fingerprintWords + at] = word(fingerprint, at * 4)
    }
    this.#place(slot)
    return slot
  }

  /** Takes stored words as the next slots; those for which `isFound` says no keep their number and are never found. */
  load(words: Int32Array, isFound: (slot: number) => boolean): void {
    const count = words.length / fingerprintWords
    const first = this.#next(count)
    this.#words.set(words, first * fingerprintWords)
    for (let slot = first; slot < first + count; slot++) if (isFound(slot)) this.#place(slot)
  }

  #next(count: number): number {
    const first = this.#size
    this.#size += count
    const needed = this.#size * fingerprintWords
    if (needed > this.#words.length) {
      const larger = new Int32Array(needed + (needed >> 1))
      larger.set(this.#words)
      this.#words = larger
    }
    if (this.#size * 2 > this.#places.length) this.#spread()
    return first
  }

  /** Twice the places; slots that are not to be found stay so. */
  #spread(): void {
    const placed = this.#places
    this.#places = new Int32Array(placesFor(this.#size))
    for (const one of placed) if (one > 0) this.#place(one - 1)
  }

  #place(slot: number): void {
    const mask = this.#places.length - 1
    let place = (this.#words[slot * fingerprintWords] ?? 0) & mask
    while (this.#places[place] !== 0) place = (place + 1) & mask
    this.#places[place] = slot + 1
  }
}

function placesFor(slots: number): number {
  return 1 << Math.max(4, Math.ceil(Math.log2(Math.max(1, slots + (slots >> 6)) * 2)))
}

function word(fingerprint: string, at: number): number {
  return (
    fingerprint.charCodeAt(at) |
    (fingerprint.charCodeAt(at + 1) << 8) |
    (fingerprint.charCodeAt(at + 2) << 16) |
    (fingerprint.charCodeAt(at + 3) << 24)
  )
}
