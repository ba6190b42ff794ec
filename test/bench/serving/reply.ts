/**
 * A reply as the contest's client sees it: bytes as they come, the end as soon as it is there, rows when asked for.
 *
 * Written for the contest and sharing nothing with the SDK, so that ours and its rivals are judged by the same reader.
 */
import { createHash } from 'node:crypto'

/** The largest reply there is room for. */
const roomBytes = 192 * 1024 * 1024

/** Room for one reply at a time. */
export class ReplyReader {
  readonly #bytes = Buffer.alloc(roomBytes, 1) // filled, so that no page is touched first on the clock
  #filled = 0
  #at = 0
  #rowsAt = 0
  #count = -1
  #read = 0
  #isPing = false

  /** Forgets the last reply; `isPing` says what is to come. */
  begin(isPing: boolean): void {
    this.#filled = 0
    this.#at = 0
    this.#rowsAt = 0
    this.#count = -1
    this.#read = 0
    this.#isPing = isPing
  }

  /** Where the next bytes go. */
  room(): Buffer {
    return this.#bytes.subarray(this.#filled, this.#filled + (1 << 20))
  }

  get bytes(): number {
    return this.#filled
  }

  get rows(): number {
    return this.#read
  }

  /** Takes bytes that were put into the room; true when the reply is complete. */
  grew(length: number): boolean {
    this.#filled += length
    if (this.#count < 0 && !this.#head()) return false
    if (this.#isPing) return true
    while (this.#read < this.#count) {
      const end = this.#skipRow(this.#at)
      if (end < 0) return false
      this.#at = end
      this.#read++
    }
    return this.#filled >= this.#at + 2
  }

  /** A digest of all rows whatever the order of their keys; keys in `leftOut` do not count. */
  digest(leftOut: ReadonlySet<string>): string {
    const hash = createHash('sha256')
    let at = this.#rowsAt
    for (let index = 0; index < this.#read; index++) {
      const size = this.#bytes.readInt32BE(at + 2)
      at += 6
      const pairs: string[] = []
      for (let pair = 0; pair < size; pair++) {
        const [key, valueAt] = this.#text(at)
        const [value, next] = this.#text(valueAt)
        at = next
        if (!leftOut.has(key)) pairs.push(`${key}=${value}`)
      }
      hash.update(`${pairs.sort().join('\x1f')}\x1e`)
    }
    return hash.digest('hex')
  }

  /** Reads header and status; false while they are not there. */
  #head(): boolean {
    const bytes = this.#bytes
    if (this.#filled < 12) return false
    if (bytes.readUInt32BE(0) !== 0x80010002) throw new Error(`no reply: ${bytes.toString('latin1', 0, this.#filled)}`)
    const struct = 8 + bytes.readInt32BE(4) + 4
    const statusAt = this.#isPing ? struct + 3 : struct + 6 // in the field of the reply, of the response
    const messageAt = statusAt + 7 + 3
    if (this.#filled < messageAt + 4) return false
    if (bytes.readInt32BE(statusAt + 3) !== 0)
      throw new Error(`refused: ${bytes.toString('utf8', messageAt, this.#filled)}`)
    let at = messageAt + 4 + bytes.readInt32BE(messageAt)
    if (this.#filled <= at) return false
    if (bytes[at] === 10) at += 3 + 8 // a uuid, which not every server sends
    at++
    if (this.#isPing) {
      if (this.#filled < at + 1) return false
      this.#count = 0
      return true
    }
    if (this.#filled < at + 8) return false
    this.#count = bytes.readInt32BE(at + 4)
    this.#rowsAt = at + 8
    this.#at = this.#rowsAt
    return true
  }

  #skipRow(from: number): number {
    const bytes = this.#bytes
    const filled = this.#filled
    if (from + 6 > filled) return -1
    let at = from + 6
    for (let left = 2 * size32(bytes, from + 2); left > 0; left--) {
      if (at + 4 > filled) return -1
      at += 4 + size32(bytes, at)
    }
    return at > filled ? -1 : at
  }

  #text(at: number): [string, number] {
    const from = at + 4
    const end = from + size32(this.#bytes, at)
    return [this.#bytes.toString('utf8', from, end), end]
  }
}

function size32(bytes: Buffer, at: number): number {
  // Indexes are within what was received.
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  )
}
