/**
 * Bytes of a connection until they are messages.
 */
import { type Message, MessageScan } from '../wire/message.ts'

/** First size of the buffer: most requests are smaller. */
const firstBytes = 4096

/** Collects chunks and yields complete messages; throws WireError on what cannot become one. */
export class Inbox {
  readonly #maxBytes: number
  #buffer = Buffer.alloc(0)
  #filled = 0
  #scan: MessageScan

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#scan = new MessageScan(maxBytes)
  }

  /** Bytes held for a message that is not complete. */
  get pending(): number {
    return this.#filled
  }

  push(chunk: Buffer): void {
    const needed = this.#filled + chunk.length
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.max(firstBytes, needed, Math.min(this.#buffer.length * 2, this.#maxBytes)),
      )
      this.#buffer.copy(grown, 0, 0, this.#filled)
      this.#buffer = grown
    }
    chunk.copy(this.#buffer, this.#filled)
    this.#filled = needed
  }

  /** The next complete message, with memory of its own. */
  next(): Message | undefined {
    if (this.#filled === 0) return undefined
    const found = this.#scan.find(this.#buffer.subarray(0, this.#filled))
    if (found === undefined) return undefined
    this.#scan = new MessageScan(this.#maxBytes)
    // Behind the message there is usually nothing: then the buffer goes with it, and the next one gets a new one.
    const rest = this.#buffer.subarray(found.length, this.#filled)
    this.#buffer = Buffer.from(rest)
    this.#filled = rest.length
    return found
  }
}
