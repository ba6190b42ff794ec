/**
 * Octet-counted syslog over a connection: TCP, TLS, or a UNIX stream socket.
 *
 * `confirm: close` uses a connection for each batch and waits for the receiver's end; `flush` keeps one, and a batch is
 * delivered when the kernel took its bytes and the connection has not broken by then. Any break fails the whole batch.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { type SinkContext, SinkError } from './sink.ts'
import { socketFailure } from './socket-failure.ts'
import { type TlsOption, tlsSettings } from './socket-options.ts'
import type { Carrier } from './syslog.ts'

/** Where to and how. */
export type StreamTarget = { readonly confirm: 'close' | 'flush' } & (
  | { readonly transport: 'tcp'; readonly host: string; readonly port: number }
  | { readonly transport: 'tls'; readonly host: string; readonly port: number; readonly tls: TlsOption }
  | { readonly transport: 'unix'; readonly path: string }
)

/** A connection, and why it ended if it did. */
interface Line {
  readonly socket: Socket
  readonly broken: Promise<never>
  readonly ended: Promise<void>
  isOpen: boolean
  /** How long connecting took, and a little more: no less than the way there and back. */
  roundTripMs: number
}

export class StreamCarrier implements Carrier {
  readonly #target: StreamTarget
  readonly #context: SinkContext
  readonly #attempted: string
  #line: Line | undefined

  constructor(target: StreamTarget, context: SinkContext, attempted: string) {
    this.#target = target
    this.#context = context
    this.#attempted = attempted
  }

  async send(frames: readonly Uint8Array[]): Promise<[]> {
    try {
      const line = this.#line?.isOpen ? this.#line : await this.#connect()
      const flushed = new Promise<void>((resolve, reject) => {
        line.socket.write(Buffer.concat(frames), (cause) => (cause ? reject(cause) : resolve()))
      })
      await Promise.race([flushed, line.broken])
      if (this.#target.confirm === 'close') await this.#confirm(line)
      else await stillOpen(line)
      return []
    } catch (cause) {
      this.destroy()
      throw socketFailure(cause, this.#attempted)
    }
  }

  destroy(): void {
    this.#line?.socket.destroy()
    this.#line = undefined
  }

  /**
   * An end counts as an answer to ours only. A receiver that ended before our bytes came resets the connection when they
   * do, which is known one round trip after they were sent; one that ends with our bytes unread resets it at once.
   */
  async #confirm(line: Line): Promise<void> {
    const early = line.ended.then(() => {
      throw new SinkError('unavailable', `${this.#attempted}: the receiver ended the connection before it had read all`)
    })
    await Promise.race([delay(line.roundTripMs), line.broken, early])
    early.catch(() => undefined)
    line.socket.end()
    await Promise.race([line.ended, line.broken])
    this.destroy()
  }

  async #connect(): Promise<Line> {
    this.destroy()
    const startedAt = performance.now()
    const socket = this.#open()
    const broken = Promise.withResolvers<never>()
    const ended = Promise.withResolvers<void>()
    broken.promise.catch(() => undefined)
    const line: Line = { socket, broken: broken.promise, ended: ended.promise, isOpen: true, roundTripMs: 1 }
    this.#line = line
    socket.once('connect', () => {
      line.roundTripMs = Math.min(1000, 2 + 1.5 * (performance.now() - startedAt))
    })
    socket.on('error', broken.reject)
    socket.on('end', () => {
      line.isOpen = false
      ended.resolve()
    })
    socket.on('close', () => {
      line.isOpen = false
      broken.reject(new SinkError('unavailable', `${this.#attempted}: the connection was closed`))
    })
    // A receiver says nothing; whatever it says is read and dropped, so that its end is seen.
    socket.resume()
    const ready = new Promise<void>((resolve) => {
      socket.once(this.#target.transport === 'tls' ? 'secureConnect' : 'connect', resolve)
    })
    await Promise.race([ready, line.broken])
    return line
  }

  #open(): Socket {
    const target = this.#target
    if (target.transport === 'unix') return connect({ path: target.path, allowHalfOpen: true })
    const { host, port } = target
    if (target.transport === 'tcp') return connect({ host, port, allowHalfOpen: true })
    return connectTls({ host, port, ...tlsSettings(target.tls, host, this.#context) })
  }
}

/** A peer that is gone answers the bytes with a reset, which the event loop sees in its next turns. */
async function stillOpen(line: Line): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await Promise.race([new Promise(setImmediate), line.broken])
  if (!line.isOpen) throw new Error('the receiver ended the connection while the batch was sent')
}
