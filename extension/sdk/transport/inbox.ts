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
  #start = 0
  #end = 0
  #scan: MessageScan

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#scan = new MessageScan(maxBytes)
  }

  /** Bytes held for messages that are not complete, or not fetched. */
  get pending(): number {
    return this.#end - this.#start
  }

  push(chunk: Buffer): void {
    if (this.#end + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length)
    chunk.copy(this.#buffer, this.#end)
    this.#end += chunk.length
  }

  /** The next complete message, with memory of its own. */
  next(): Message | undefined {
    if (this.pending === 0) return undefined
    const found = this.#scan.find(this.#buffer.subarray(this.#start, this.#end))
    if (found === undefined) return undefined
    this.#scan = new MessageScan(this.#maxBytes)
    this.#start += found.length
    // The smaller part is copied: a long message keeps the buffer, and of many short ones each is copied once.
    if (found.length < this.pending) return { ...found, body: Buffer.from(found.body) }
    this.#keep(Buffer.from(this.#buffer.subarray(this.#start, this.#end)))
    return found
  }

  #makeRoom(length: number): void {
    const needed = this.pending + length
    const grown = Buffer.allocUnsafeSlow(Math.max(firstBytes, needed, Math.min(this.pending * 2, this.#maxBytes)))
    this.#buffer.copy(grown, 0, this.#start, this.#end)
    const { pending } = this
    this.#keep(grown)
    this.#end = pending
  }

  #keep(buffer: Buffer<ArrayBuffer>): void {
    this.#buffer = buffer
    this.#start = 0
    this.#end = buffer.length
  }
}
