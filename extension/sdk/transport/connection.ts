/**
 * One accepted connection: requests in, replies out, in order, with deadlines on every wait.
 */
import type { Socket } from 'node:net'
import type { Respond } from '../wire/responder.ts'
import { Inbox } from './inbox.ts'

/** Bounds of a connection. */
export interface ConnectionLimits {
  readonly maxMessageBytes: number
  /** Milliseconds a connection may stay open with nothing under way. */
  readonly silenceMs: number
  /** Milliseconds within which a started request must be complete, and a reply must be read some further. */
  readonly stallMs: number
}

/** What a connection asks of its listener. */
export interface ConnectionOwner {
  /** Whether that many more bytes of unfinished requests may be held. */
  mayHold(bytes: number): boolean
  closed(): void
}

/** Bytes that may wait behind a request that is being answered; then the caller has to. */
const maxWaitingBytes = 64 * 1024

/** A connection. */
export class Connection {
  readonly #socket: Socket
  readonly #respond: Respond
  readonly #limits: ConnectionLimits
  readonly #owner: ConnectionOwner
  readonly #inbox: Inbox
  readonly #gone = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #isHalfSent = false
  #isAnswering = false
  #isFinishing = false

  constructor(socket: Socket, respond: Respond, limits: ConnectionLimits, owner: ConnectionOwner) {
    this.#socket = socket
    this.#respond = respond
    this.#limits = limits
    this.#owner = owner
    this.#inbox = new Inbox(limits.maxMessageBytes)
    this.#expect(limits.silenceMs)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('end', () => this.#gone.abort(new Error('the caller closed the connection')))
    socket.on('close', () => {
      clearTimeout(this.#timer)
      this.#gone.abort(new Error('the caller closed the connection'))
      owner.closed()
    })
  }

  get pendingBytes(): number {
    return this.#inbox.pending
  }

  /** Ends when what is under way has been answered. */
  finish(): void {
    this.#isFinishing = true
    if (!this.#isAnswering) this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    if (!this.#owner.mayHold(chunk.length)) {
      this.#socket.destroy()
      return
    }
    try {
      this.#inbox.push(chunk)
      if (!this.#isAnswering) void this.#answerAll()
      else if (this.#inbox.pending > maxWaitingBytes) this.#socket.pause()
    } catch {
      this.#socket.destroy() // whatever it was, it is no message
    }
  }

  async #answerAll(): Promise<void> {
    this.#isAnswering = true
    try {
      for (let message = this.#inbox.next(); message; message = this.#inbox.next()) {
        clearTimeout(this.#timer)
        this.#isHalfSent = false
        for (const piece of await this.#respond(message, this.#gone.signal)) await this.#write(piece)
        if (this.#isFinishing) break
      }
    } catch {
      this.#socket.destroy()
      return
    } finally {
      this.#isAnswering = false
    }
    this.#socket.resume()
    if (this.#isFinishing) this.#socket.end()
    else this.#expectMore()
  }

  async #write(piece: Uint8Array): Promise<void> {
    if (this.#socket.destroyed) throw new Error('the connection is closed')
    if (this.#socket.write(piece)) return
    this.#expect(this.#limits.stallMs)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#socket.once('drain', resolve)
    this.#socket.once('close', resolve)
    await promise
    this.#socket.off('drain', resolve)
    this.#socket.off('close', resolve)
    clearTimeout(this.#timer)
    if (!this.#socket.destroyed) release(piece)
  }

  /** The time for a request runs from its first byte, however slowly the others come. */
  #expectMore(): void {
    if (this.#isHalfSent) return
    this.#isHalfSent = this.#inbox.pending > 0
    this.#expect(this.#isHalfSent ? this.#limits.stallMs : this.#limits.silenceMs)
  }

  #expect(withinMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#socket.destroy(), withinMs)
    this.#timer.unref()
  }
}

/** Bytes of a piece that has memory of its own; smaller ones may share theirs. */
const ownMemoryBytes = 256 * 1024

/**
 * Gives the memory of a piece back that was written. Left to the collector, pieces of one answer are still there while
 * the next one is made.
 */
function release({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= ownMemoryBytes) buffer.transfer(0)
}
