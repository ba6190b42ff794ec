/**
 * `GET /healthz`, `/readyz`, `/metrics` and `/status`, on loopback unless configured otherwise.
 *
 * Read-only, no names of hosts outside are looked up, nothing but these paths and GET is answered, and a slow caller is cut off. The
 * name in the Host header must be that of the listener or an address, so that a web page cannot ask by a name of its own.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { HunterError } from '../../extension/domain/errors.ts'
import type { Clock } from '../../extension/runtime/clock.ts'
import { unreadyReasons } from './health.ts'
import { metricsText, metricsType } from './metrics.ts'
import type { DaemonStanding } from './standing.ts'

/** A running server. */
export interface StatusServer {
  /** Where it answers, with the port that was given. */
  readonly address: string
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

const json = 'application/json'
const maxConnections = 32

/** Starts to answer at `HOST:PORT`. Throws `HunterError` with `listen_failed`. */
export async function serveStatus(listen: string, standing: () => DaemonStanding, clock: Clock): Promise<StatusServer> {
  const { host, port } = split(listen)
  const pages: Readonly<Record<string, () => Answer>> = {
    '/healthz': () => ({ status: 200, type: 'text/plain', body: 'ok\n' }),
    '/readyz': () => readiness(standing()),
    '/metrics': () => ({ status: 200, type: metricsType, body: metricsText(standing(), clock.nowMs() / 1000) }),
    '/status': () => ({ status: 200, type: json, body: `${JSON.stringify(standing())}\n` }),
  }
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 5_000 })
  server.maxConnections = maxConnections
  server.on('request', (request, response) => send(response, request, answer(request, host, pages)))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, host, resolve)
  try {
    await promise
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HunterError('listen_failed', `cannot answer health and metrics at ${listen}: ${why}`, { cause })
  }
  server.unref()
  const bound = server.address()
  const address =
    typeof bound === 'object' && bound ? `${host.includes(':') ? `[${host}]` : host}:${bound.port}` : listen
  const close = async () => {
    const closed = Promise.withResolvers<void>()
    server.close(() => closed.resolve())
    server.closeAllConnections()
    await closed.promise
  }
  return { address, close }
}

function split(listen: string): { readonly host: string; readonly port: number } {
  const at = listen.lastIndexOf(':')
  return { host: listen.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(listen.slice(at + 1)) }
}

function readiness(standing: DaemonStanding): Answer {
  const reasons = unreadyReasons(standing)
  return {
    status: reasons.length === 0 ? 200 : 503,
    type: json,
    body: `${JSON.stringify({ ready: reasons.length === 0, reasons })}\n`,
  }
}

function answer(request: IncomingMessage, host: string, pages: Readonly<Record<string, () => Answer>>): Answer {
  const refusal = (status: number, body: string): Answer => ({ status, type: 'text/plain', body: `${body}\n` })
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405, 'only GET is answered')
  const name = split(`${request.headers.host ?? ''}:0`.replace(/:(\d+):0$/, ':$1')).host
  if (name !== host && name !== 'localhost' && isIP(name) === 0)
    return refusal(421, 'this host name is not served here')
  const [path = ''] = (request.url ?? '').split('?')
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined
  return page ? page() : refusal(404, `expected ${Object.keys(pages).join(', ')}`)
}

function send(response: ServerResponse, request: IncomingMessage, { status, type, body }: Answer): void {
  const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' }
  response.writeHead(status, { ...headers, 'x-content-type-options': 'nosniff' })
  response.end(request.method === 'HEAD' ? undefined : body)
}
