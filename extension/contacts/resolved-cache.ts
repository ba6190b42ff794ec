/**
 * Names in the cache of systemd-resolved, asked for as `resolvectl show-cache` asks: by Varlink over the service's socket.
 *
 * No program is started. A message is JSON and ends with a zero byte; the interface is io.systemd.Resolve.Monitor, of systemd
 * 254 and later. The service answers root alone.
 * https://varlink.org
 */
import { createConnection } from 'node:net'

/** An entry of the cache. */
export interface CachedName {
  readonly name: string
  /** Number of the record type: 1 is A, 28 is AAAA. */
  readonly type: number | undefined
  /** Addresses and names that it leads to; empty when the answer was that there are none. */
  readonly answers: readonly string[]
  /** `nxdomain` or `nodata`; absent when there is an answer. */
  readonly outcome?: string
}

/** Where the service listens. */
export const resolvedSocket = '/run/systemd/resolve/io.systemd.Resolve.Monitor'

const method = 'io.systemd.Resolve.Monitor.DumpCache'
/** The cache holds 4,096 entries of some hundred bytes per network interface. */
const maxBytes = 32 << 20
const timeoutMs = 5000
const maxNames = 50_000
const maxAnswers = 16

/**
 * The cache; undefined where there is no such service. Rejects when it does not answer in time or in bounds, refuses, or
 * answers what is no cache, and with the signal's reason.
 */
export async function resolvedCache(path: string, signal: AbortSignal): Promise<readonly CachedName[] | undefined> {
  const text = await replyOf(path, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
  if (text === undefined) return undefined
  let reply: unknown
  try {
    reply = JSON.parse(text)
  } catch (cause) {
    throw new Error(`systemd-resolved at ${path} answered what is no JSON`, { cause })
  }
  const error = member(reply, 'error')
  if (error !== undefined) throw new Error(`systemd-resolved at ${path} refused to show its cache: ${String(error)}`)
  const scopes = member(member(reply, 'parameters'), 'dump')
  if (!Array.isArray(scopes)) throw new Error(`systemd-resolved at ${path} answered no cache`)
  return scopes.flatMap((scope) => listed(member(scope, 'cache')).flatMap(nameOf)).slice(0, maxNames)
}

/** Codes of a socket that is not there, or that nobody listens at. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ENOTSOCK'])

/** The message that comes; undefined where nobody listens. */
async function replyOf(path: string, signal: AbortSignal): Promise<string | undefined> {
  const socket = createConnection({ path, signal })
  try {
    socket.write(`${JSON.stringify({ method, parameters: {} })}\0`)
    const pieces: Buffer[] = []
    let length = 0
    for await (const piece of socket as AsyncIterable<Buffer>) {
      const end = piece.indexOf(0)
      length += piece.length
      if (length > maxBytes) throw new Error(`systemd-resolved at ${path} answers with more than ${maxBytes} bytes`)
      pieces.push(end < 0 ? piece : piece.subarray(0, end))
      if (end >= 0) return Buffer.concat(pieces).toString('utf8')
    }
    throw new Error(`systemd-resolved at ${path} ended the connection without an answer`)
  } catch (cause) {
    if (absent.has((cause as NodeJS.ErrnoException).code ?? '')) return undefined
    if (!signal.aborted) throw cause
    throw signal.reason instanceof Error && signal.reason.name === 'TimeoutError'
      ? new Error(`systemd-resolved at ${path} does not answer within ${timeoutMs} ms`, { cause })
      : signal.reason
  } finally {
    socket.destroy()
  }
}

function nameOf(entry: unknown): CachedName[] {
  const key = member(entry, 'key')
  const name = member(key, 'name')
  if (typeof name !== 'string' || name === '') return []
  const type = member(key, 'type')
  const outcome = member(entry, 'type')
  const answers = listed(member(entry, 'rrs'))
    .slice(0, maxAnswers)
    .flatMap((one) => answerOf(member(one, 'rr')))
  return [
    {
      name: name.slice(0, 512),
      type: typeof type === 'number' ? type : undefined,
      answers,
      ...(typeof outcome === 'string' && { outcome: outcome.slice(0, 32) }),
    },
  ]
}

/** The address of an A or AAAA, the name of a CNAME; of the others nobody goes there. */
function answerOf(record: unknown): string[] {
  const type = member(member(record, 'key'), 'type')
  const name = member(record, 'name')
  if (type === 5 && typeof name === 'string') return [name.slice(0, 512)]
  const bytes = listed(member(record, 'address'))
  if (!bytes.every((one) => Number.isInteger(one) && Number(one) >= 0 && Number(one) < 256)) return []
  const address = Buffer.from(bytes as number[])
  if (address.length === 4) return [address.join('.')]
  const groups = Array.from({ length: 8 }, (_, at) => (address.length === 16 ? address.readUInt16BE(2 * at) : 0))
  return address.length === 16 ? [groups.map((one) => one.toString(16)).join(':')] : []
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
