/**
 * The listening side: many short connections, each with one request after the other, none able to harm the rest.
 *
 * A connection that sends what cannot be a message is closed. One that says nothing, stops half-way or does not read its
 * reply is closed after a while. What all of them hold in memory is bounded together.
 */
import { chmodSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { Respond } from '../wire/responder.ts'
import { Connection, type ConnectionLimits } from './connection.ts'

/** Bounds of a listener. */
export interface ListenerLimits extends ConnectionLimits {
  /** Connections at once; a further one is closed unheard. */
  readonly maxConnections: number
  /** Bytes of unfinished requests over all connections. */
  readonly maxPendingBytes: number
}

/** Generous for osquery, which has one connection per query and pings; hostile callers get no further. */
export const defaultListenerLimits: ListenerLimits = {
  maxConnections: 4096,
  maxPendingBytes: 128 * 1024 * 1024,
  maxMessageBytes: 32 * 1024 * 1024,
  silenceMs: 120_000,
  stallMs: 30_000,
}

/** Listens at an address. */
export class Listener {
  readonly address: string
  readonly #server: Server
  readonly #connections = new Set<Connection>()
  readonly #respond: Respond
  readonly #limits: ListenerLimits

  private constructor(address: string, respond: Respond, limits: ListenerLimits) {
    this.address = address
    this.#respond = respond
    this.#limits = limits
    this.#server = createServer((socket) => this.#accept(socket))
    this.#server.maxConnections = limits.maxConnections
  }

  /** Resolves when connections are taken; rejects with the system's error. The socket is for its owner alone. */
  static async open(
    address: string,
    respond: Respond,
    limits: ListenerLimits = defaultListenerLimits,
  ): Promise<Listener> {
    const listener = new Listener(address, respond, limits)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    listener.#server.once('error', reject)
    listener.#server.listen(address, 1024, resolve)
    await promise
    listener.#server.off('error', reject)
    listener.#server.on('error', () => {}) // a connection that could not be accepted: its caller knows
    if (process.platform !== 'win32') chmodSync(address, 0o700)
    return listener
  }

  /** Open connections. */
  get connections(): number {
    return this.#connections.size
  }

  /** Takes no more connections, lets running calls end within `drainMs`, then cuts what is left. Removes the socket. */
  async close(drainMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const connection of this.#connections) connection.finish()
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy()
    }, drainMs)
    await closed
    clearTimeout(timer)
  }

  /** Ends at once, as a process that was killed would. */
  async abandon(): Promise<void> {
    await this.close(0)
  }

  #accept(socket: Socket): void {
    const connection: Connection = new Connection(socket, this.#respond, this.#limits, {
      mayHold: (bytes) => this.#pendingBytes() + bytes <= this.#limits.maxPendingBytes,
      closed: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
  }

  #pendingBytes(): number {
    let bytes = 0
    for (const connection of this.#connections) bytes += connection.pendingBytes
    return bytes
  }
}
