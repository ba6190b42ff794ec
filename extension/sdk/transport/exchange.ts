/**
 * One request, one reply, on a connection of its own, as osquery itself talks.
 *
 * Nothing is kept open, so nothing can be out of step after a timeout. Every exchange has a deadline.
 */
import { connect, type Socket } from 'node:net'
import type { Message } from '../wire/message.ts'
import { WireError } from '../wire/refusal.ts'
import { Inbox } from './inbox.ts'

/** How long, how much. */
export interface ExchangeOptions {
  /** Milliseconds until the exchange is given up; 10 s unless told. */
  readonly timeoutMs?: number
  /** Largest reply; 256 MiB unless told. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

/** The other side did not answer in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/** The other side was reached, and went away before it had replied. */
export class HungUpError extends WireError {}

const defaultTimeoutMs = 10_000
const defaultMaxBytes = 256 * 1024 * 1024

/** Makes a reply out of chunks; throws on what cannot become one. */
export interface ReplyReader<T> {
  push(chunk: Buffer): void
  /** The reply, as soon as there is enough of it. */
  next(): T | undefined
}

/** Sends a request and waits for its reply. Rejects with the system's error when nobody listens. */
export async function exchange(address: string, request: Uint8Array, options: ExchangeOptions = {}): Promise<Message> {
  return await exchangeWith(address, request, new Inbox(options.maxBytes ?? defaultMaxBytes), options)
}

/** The same with a reader of one's own, which also bounds the reply. When it has enough, the connection is closed. */
export async function exchangeWith<T>(
  address: string,
  request: Uint8Array,
  inbox: ReplyReader<T>,
  { timeoutMs = defaultTimeoutMs, signal }: Omit<ExchangeOptions, 'maxBytes'> = {},
): Promise<T> {
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const socket: Socket = connect(address)
  const timer = setTimeout(() => {
    reject(new TimeoutError(`no reply from ${address} within ${timeoutMs} ms`))
  }, timeoutMs)
  const onAbort = () => reject(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  socket.on('connect', () => socket.write(request))
  socket.on('data', (chunk: Buffer) => {
    try {
      inbox.push(chunk)
      const reply = inbox.next()
      if (reply !== undefined) resolve(reply)
    } catch (error) {
      reject(error)
    }
  })
  socket.on('error', reject)
  socket.on('close', () => reject(new HungUpError(`${address} closed the connection without a complete reply`)))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    socket.on('error', () => {}) // nobody waits for it any more
    socket.destroy()
  }
}
