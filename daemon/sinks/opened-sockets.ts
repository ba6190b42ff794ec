/**
 * The TCP sockets that a client library opens, so that they can be closed whatever the library does with them.
 *
 * NATS' client (3.4) forgets the socket of a server that accepts and says nothing: every attempt would keep one open for
 * ever. Node tells of each socket it makes; the asynchronous context says for which work it was made.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'

const owner = new AsyncLocalStorage<OpenedSockets>()

subscribe('net.client.socket', (message) => {
  const socket = typeof message === 'object' && message !== null && 'socket' in message ? message.socket : undefined
  if (socket instanceof Socket) owner.getStore()?.add(socket)
})

export class OpenedSockets {
  readonly #sockets = new Set<Socket>()

  /** Runs work; what it opens, at once or later, belongs to this. */
  async during<Value>(work: () => Promise<Value>): Promise<Value> {
    return await owner.run(this, work)
  }

  add(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  destroy(): void {
    for (const socket of this.#sockets) {
      // The library may have taken its listeners off; an error that nobody hears ends the process.
      socket.on('error', () => undefined)
      socket.destroy()
    }
  }
}
