/**
 * Row ids seen so far in one answer: a set of 63-bit numbers that are digests already.
 *
 * A `Set` of bigints keeps an object for each and hashes it again, which is an eighth of the time of a large answer.
 * Here an id is two words in a table with open addressing.
 */

import { randomInt } from 'node:crypto'

const firstSlots = 64

/** Unknown to whoever chooses names of files, so that nobody can make them meet in one place. */
const multiplier = randomInt(2 ** 31) * 2 + 1

/** Ids of one answer; none is 0. */
export class RowIds {
  #slots = new Int32Array(2 * firstSlots)
  #count = 0

  /** Adds an id; false when it was there. */
  add(id: bigint): boolean {
    if (this.#count * 4 > this.#slots.length) this.#grow()
    scratch[0] = id
    if (!put(this.#slots, halves[0] as number, halves[1] as number)) return false // there are two halves
    this.#count++
    return true
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2)
    for (let at = 0; at < old.length; at += 2) {
      const [low, high] = [old[at] as number, old[at + 1] as number] // below the length
      if (low !== 0 || high !== 0) put(this.#slots, low, high)
    }
  }
}

/** Takes a bigint apart without making others. */
const scratch = new BigInt64Array(1)
const halves = new Int32Array(scratch.buffer)

/** Puts an id where it belongs or behind; false when it is there. */
function put(slots: Int32Array, low: number, high: number): boolean {
  const mask = slots.length / 2 - 1
  for (let slot = (Math.imul(low ^ high, multiplier) >>> 3) & mask; ; slot = (slot + 1) & mask) {
    const at = slot * 2
    if (slots[at] === 0 && slots[at + 1] === 0) {
      slots[at] = low
      slots[at + 1] = high
      return true
    }
    if (slots[at] === low && slots[at + 1] === high) return false
  }
}
