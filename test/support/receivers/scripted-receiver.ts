/**
 * A receiver over HTTP that does to a request whatever a test says, and remembers what it was sent.
 */
import { EventEmitter, once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createSecureServer, Server as SecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import type { Certified } from './authority.ts'

/** A request that arrived whole. */
export interface Received {
  readonly method: string
  /** Path with the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Decompressed. */
  readonly body: string
}

/** What to do with a request whose body has arrived. */
export type Behaviour = (received: Received, response: ServerResponse, request: IncomingMessage) => void | Promise<void>

export class ScriptedReceiver {
  readonly received: Received[] = []
  /** Emits `received`. */
  readonly events = new EventEmitter()
  behaviour: Behaviour
  /** How many there were so far. */
  connections = 0
  readonly #server: Server | SecureServer
  readonly #sockets = new Set<Socket>()
  readonly #isSecure: boolean

  constructor(behaviour: Behaviour, certified: Certified | undefined) {
    this.behaviour = behaviour
    this.#isSecure = certified !== undefined
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response)
    this.#server = certified
      ? createSecureServer({ cert: certified.cert, key: certified.key }, listener)
      : createServer(listener)
    this.#server.on('connection', (socket: Socket) => {
      this.connections++
      this.#sockets.add(socket)
      socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('tlsClientError', () => {})
  }

  static async start(behaviour: Behaviour, certified?: Certified, port = 0): Promise<ScriptedReceiver> {
    const receiver = new ScriptedReceiver(behaviour, certified)
    receiver.#server.listen(port, '127.0.0.1')
    await once(receiver.#server, 'listening')
    return receiver
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#isSecure ? 'https' : 'http'}://127.0.0.1:${this.port}`
  }

  get last(): Received {
    const last = this.received.at(-1)
    if (last === undefined) throw new Error('nothing was received')
    return last
  }

  /** Shows another certificate from the next connection on. */
  present({ cert, key }: Certified): void {
    if (this.#server instanceof SecureServer) this.#server.setSecureContext({ cert, key })
  }

  /** Ends the connections there are. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Resolves when no connection is open any more. */
  async deserted(): Promise<void> {
    while (this.#sockets.size > 0) {
      const [socket] = this.#sockets
      if (socket) await once(socket, 'close')
    }
  }

  async stop(): Promise<void> {
    this.disconnect()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {})
    response.on('error', () => {})
    try {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
      const received = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
      this.received.push(received)
      this.events.emit('received', received)
      await this.behaviour(received, response, request)
    } catch {
      request.socket.destroy()
    }
  }
}

/** Answers and is done. */
export function answers(status: number, body = '', headers: Readonly<Record<string, string>> = {}): Behaviour {
  return (_, response) => void response.writeHead(status, headers).end(body)
}
