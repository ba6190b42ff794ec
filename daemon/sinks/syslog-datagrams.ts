/**
 * Syslog messages as datagrams, one each (RFC 5426).
 *
 * Delivered means handed to the kernel. The socket is connected, so that a receiver that is absent on this host or in
 * this network shows as soon as the kernel is told; what is lost on the way shows nowhere.
 */
import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { SinkError } from './sink.ts'
import { codeOf, socketFailure } from './socket-failure.ts'
import type { Carrier } from './syslog.ts'

export class DatagramCarrier implements Carrier {
  readonly #host: string
  readonly #port: number
  readonly #attempted: string
  #socket: Socket | undefined
  #failure: Error | undefined

  constructor({ host, port }: { readonly host: string; readonly port: number }, attempted: string) {
    this.#host = host
    this.#port = port
    this.#attempted = attempted
  }

  async send(messages: readonly Uint8Array[], signal: AbortSignal): Promise<{ index: number; reason: string }[]> {
    const refused: { index: number; reason: string }[] = []
    try {
      const socket = this.#socket ?? (await this.#connect(signal))
      for (const [index, message] of messages.entries()) {
        if (signal.aborted) throw new SinkError('unavailable', `${this.#attempted}: stopped after ${index} datagrams`)
        const cause = await new Promise<Error | null>((resolve) => socket.send(message, resolve))
        if (cause && codeOf(cause) === 'EMSGSIZE') {
          refused.push({ index, reason: `${message.length} bytes are too many for a datagram (EMSGSIZE)` })
        } else if (cause) throw cause
      }
      // What the kernel was told about the last datagrams arrives in the next turns of the event loop.
      for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate)
      if (this.#failure) throw this.#failure
      return refused
    } catch (cause) {
      this.destroy()
      throw socketFailure(cause, this.#attempted)
    }
  }

  destroy(): void {
    this.#socket?.close()
    this.#socket = undefined
    this.#failure = undefined
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    const { address } = await lookup(this.#host)
    if (signal.aborted) throw new SinkError('unavailable', `${this.#attempted}: stopped while the name was looked up`)
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    this.#socket = socket
    const connected = once(socket, 'connect')
    socket.connect(this.#port, address)
    await connected
    socket.on('error', (cause) => {
      this.#failure = cause
    })
    return socket
  }
}
