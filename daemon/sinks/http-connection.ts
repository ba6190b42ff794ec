/**
 * The one connection of a sink to its receiver: opened when needed, kept alive between writes, dropped after trouble.
 *
 * Certificates and keys are read for every new connection, so that they may be replaced on disk. Sessions are not
 * resumed, because a resumed session is not checked against the trusted authorities again. What is sent, and what the
 * answer means, is not known here.
 */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls'
import type { buildConnector, Dispatcher } from 'undici'
import { certificateFailure } from './http-failure.ts'
import type { ConnectionOptions } from './http-options.ts'
import { type SinkContext, SinkError } from './sink.ts'

/** A host that does not take the connection within this is not there. */
const connectTimeoutMs = 10_000

/** A file of certificates is no larger. */
const maxPemBytes = 1 << 20

/** Loaded when the first such sink is opened: it takes 15 MB, which a daemon without one need not have. */
type Transport = typeof import('undici')

type Material = SecureContextOptions & { readonly rejectUnauthorized: true; readonly servername?: string }

export class HttpConnection {
  readonly #transport: Transport
  readonly #origin: string
  readonly #options: ConnectionOptions
  readonly #context: SinkContext
  readonly #sockets = new Set<Socket>()
  #dispatcher: Dispatcher | undefined

  private constructor(transport: Transport, url: URL, options: ConnectionOptions, context: SinkContext) {
    this.#transport = transport
    this.#origin = url.origin
    this.#options = options
    this.#context = context
  }

  /** Connects to nothing yet. Throws `SinkError` with `misconfigured` when certificates cannot be read. */
  static async open(url: URL, options: ConnectionOptions, context: SinkContext): Promise<HttpConnection> {
    const connection = new HttpConnection(await import('undici'), url, options, context)
    if (url.protocol === 'https:') connection.#material()
    return connection
  }

  /** Whom to hand requests to. */
  dispatcher(): Dispatcher {
    this.#dispatcher ??= this.#open()
    return this.#dispatcher
  }

  /** Ends whatever is open or being opened; the next request connects anew. */
  drop(): void {
    const gone = this.#dispatcher
    this.#dispatcher = undefined
    gone?.destroy().catch(() => {})
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }

  #open(): Dispatcher {
    // The deadline of the whole request is the caller's, so there is none for its parts.
    const patience = { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: 32_768, allowH2: false }
    const { proxy } = this.#options
    if (proxy === undefined) {
      const connect: buildConnector.connector = (target, done) => this.#connect(target, done)
      return new this.#transport.Client(this.#origin, { ...patience, connect, pipelining: 1 })
    }
    const requestTls = { ...this.#material(), maxCachedSessions: 0, timeout: connectTimeoutMs }
    // The proxy has a name of its own, and no business with our certificate.
    const { servername, cert, key, ...proxyTls } = requestTls
    return new this.#transport.ProxyAgent({ uri: proxy, ...patience, connections: 1, requestTls, proxyTls })
  }

  #connect(target: buildConnector.Options, done: buildConnector.Callback): void {
    const isSecure = target.protocol === 'https:'
    let presented: string | undefined
    const settled: buildConnector.Callback = (...[error, socket]) => {
      if (error) done(certificateFailure(error, this.#origin, presented) ?? error, null)
      else if (socket) done(null, socket)
    }
    try {
      const tls = isSecure ? this.#material() : {}
      const connect = this.#transport.buildConnector({
        ...tls,
        allowH2: false,
        maxCachedSessions: 0,
        timeout: connectTimeoutMs,
      })
      // It gives the socket back, though its type does not say so: an abort must reach a connection under way.
      const socket: unknown = Reflect.apply(connect, undefined, [target, settled])
      if (!(socket instanceof Socket)) return
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      // Emitted before the check of the certificate, while it can still be asked for.
      if (socket instanceof TLSSocket) socket.prependListener('secure', () => (presented = presentedBy(socket)))
    } catch (cause) {
      done(cause instanceof Error ? cause : new Error(String(cause)), null)
    }
  }

  #material(): Material {
    const { ca_file, certificate_file, key, server_name } = this.#options.tls ?? {}
    const material: Material = {
      // Said outright: an environment variable of Node would otherwise turn the check off.
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(ca_file === undefined ? {} : { ca: readPem(ca_file) }),
      ...(certificate_file === undefined ? {} : { cert: readPem(certificate_file) }),
      ...(key === undefined ? {} : { key: this.#context.secret(key) }),
      ...(server_name === undefined ? {} : { servername: server_name }),
    }
    try {
      createSecureContext(material)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      const files = [ca_file, certificate_file].filter((file) => file !== undefined).join(', ')
      throw new SinkError('misconfigured', `cannot use the certificates of tls (${files}): ${why}; expected PEM`, {
        cause,
      })
    }
    return material
  }
}

function readPem(path: string): Buffer {
  try {
    const bytes = readFileSync(path)
    if (bytes.length > maxPemBytes) throw new Error(`it has ${bytes.length} bytes; expected at most ${maxPemBytes}`)
    const certificates = bytes
      .toString('latin1')
      .match(/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[^-]*-----END [A-Z0-9 ]*-----/g)
    if (certificates === null) throw new Error('it holds no certificate in PEM')
    // OpenSSL passes over an authority that it cannot read, and every receiver would then be a stranger.
    for (const one of certificates) new X509Certificate(one)
    return bytes
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SinkError('misconfigured', `cannot read certificates from ${path}: ${why}`, { cause })
  }
}

function presentedBy(socket: TLSSocket): string | undefined {
  const { subject, valid_to, issuer } = socket.getPeerCertificate()
  const nameOf = (who: { CN?: unknown } | undefined) => JSON.stringify(String(who?.CN ?? 'nameless').slice(0, 100))
  return subject === undefined ? undefined : `${nameOf(subject)}, issued by ${nameOf(issuer)}, valid until ${valid_to}`
}
