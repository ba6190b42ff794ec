/**
 * One request to the receiver of a sink and its answer, within a deadline and within bounds.
 *
 * Every sink that speaks HTTP goes through here: credentials read at the moment of sending, compression, no redirects,
 * an answer of which only so much is read, and one meaning for each failure. It sends once; trying again is the
 * delivery loop's.
 */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { HttpConnection } from './http-connection.ts'
import { codeOfStatus, exchangeFailure, oneLine, retryAfterMs } from './http-failure.ts'
import type { AuthOption, ConnectionOptions } from './http-options.ts'
import { type SecretReference, type SinkContext, SinkError } from './sink.ts'

/** Bytes of an answer that are read; what follows is not worth waiting for. */
const defaultAnswerBytes = 65_536

const compress = promisify(gzip)

/** A header that says who we are. */
export type Credential = readonly [name: string, value: string]

/** What a receiver needs besides the options that all share. */
export interface ReceiverOptions extends ConnectionOptions {
  readonly url: string
  readonly gzip: boolean
}

/** One request. */
export interface HttpRequest {
  /** What is being done, for messages: `delivering 3 events`. */
  readonly what: string
  readonly method?: 'POST' | 'PUT' | 'PATCH'
  /** Appended to the path of the address; empty: the address as it stands. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
  /** Bytes of the answer that are worth reading. */
  readonly maxAnswerBytes?: number
  /** What must not show in a message, should the answer repeat it; the credential is known. */
  readonly secrets?: readonly string[]
}

/** What came back. */
export interface HttpAnswer {
  readonly status: number
  readonly bytes: Buffer
  /** The same as UTF-8. */
  readonly text: string
  /** Whether there was more than was read. */
  readonly isCut: boolean
  /** How long the receiver asked to be left alone. */
  readonly retryAfterMs: number | undefined
  /** What was attempted and what came back, without secrets, for a message that goes on. */
  readonly said: string
}

export class HttpClient {
  readonly #url: URL
  readonly #options: ReceiverOptions
  readonly #connection: HttpConnection
  readonly #credential: (() => Credential) | undefined

  private constructor(
    options: ReceiverOptions,
    connection: HttpConnection,
    credential: (() => Credential) | undefined,
  ) {
    this.#url = new URL(options.url)
    this.#options = options
    this.#credential = credential
    this.#connection = connection
  }

  /** Reaches nobody yet. Throws `SinkError` with `misconfigured`. */
  static async open(
    options: ReceiverOptions,
    context: SinkContext,
    credential: (() => Credential) | undefined,
  ): Promise<HttpClient> {
    const url = new URL(options.url)
    if (url.protocol === 'http:' && credential !== undefined && !isLoopback(url.hostname)) {
      context.warn({ url: url.origin }, 'credentials are sent without TLS')
    }
    return new HttpClient(options, await HttpConnection.open(url, options, context), credential)
  }

  /** Sends and gives back an answer of the 2xx kind. Throws `SinkError` for every other. */
  async post(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.exchange(request, signal)
    expectSuccess(answer)
    return answer
  }

  /** Sends and gives back whatever answer there is. Throws `SinkError` when there is none. */
  async exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const url = this.#address(request)
    const what = `${request.what} to ${url.origin}${url.pathname}`
    const stop = new AbortController()
    const stopped = () => stop.abort(new SinkError('unavailable', `${what} was stopped`, { cause: signal.reason }))
    const seconds = this.#options.timeout_seconds
    const late = () => stop.abort(new SinkError('unavailable', `${what} had no whole answer within ${seconds} s`))
    const timer = setTimeout(late, seconds * 1000)
    signal.addEventListener('abort', stopped, { once: true })
    try {
      if (signal.aborted) stopped()
      // The package hears of an abort only once it is connected, therefore the race.
      return await Promise.race([this.#exchange(request, url, what, stop.signal), aborted(stop.signal)])
    } catch (error) {
      this.#connection.drop()
      throw exchangeFailure(error, what, url.origin)
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stopped)
    }
  }

  async #exchange(request: HttpRequest, url: URL, what: string, signal: AbortSignal): Promise<HttpAnswer> {
    const credential = this.#credential?.()
    const body = this.#options.gzip ? await compress(request.body) : Buffer.from(request.body)
    signal.throwIfAborted()
    const response = await this.#connection.dispatcher().request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: request.method ?? 'POST',
      headers: {
        ...this.#options.headers,
        ...request.headers,
        ...(this.#options.gzip ? { 'content-encoding': 'gzip' } : {}),
        ...(credential ? { [credential[0]]: credential[1] } : {}),
      },
      body,
      signal,
    })
    const { bytes, isCut } = await readAnswer(response.body, request.maxAnswerBytes ?? defaultAnswerBytes)
    const text = bytes.toString()
    return {
      status: response.statusCode,
      bytes,
      text,
      isCut,
      retryAfterMs: retryAfterMs(single(response.headers['retry-after']), single(response.headers['date'])),
      said: `${what} was answered ${response.statusCode}${excerpt(response, text, [...(request.secrets ?? []), ...bareSecret(credential)])}`,
    }
  }

  #address({ path, query }: HttpRequest): URL {
    const url = new URL(this.#url)
    if (path !== '') url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
    return url
  }

  /** Frees the connection at once. */
  close(): void {
    this.#connection.drop()
  }
}

/** Throws `SinkError` unless the answer is of the 2xx kind. */
export function expectSuccess(answer: HttpAnswer): void {
  if (answer.status < 200 || answer.status > 299) throw statusFailure(answer)
}

/** What an answer that is not of the 2xx kind means. */
export function statusFailure(answer: HttpAnswer): SinkError {
  const { retryAfterMs: wait } = answer
  return new SinkError(codeOfStatus(answer.status), answer.said, wait === undefined ? {} : { retryAfterMs: wait })
}

/** The header that an `auth` option asks for, with the secret as it is at the moment of asking. */
export function credentialOf(auth: AuthOption | undefined, context: SinkContext): (() => Credential) | undefined {
  switch (auth?.type) {
    case undefined:
      return undefined
    case 'basic':
      return () => {
        const pair = `${auth.username}:${secretText(auth.password, context)}`
        return ['authorization', `Basic ${Buffer.from(pair).toString('base64')}`]
      }
    case 'bearer':
      return () => ['authorization', `Bearer ${secretText(auth.token, context)}`]
    case 'header':
      return () => [auth.name, secretText(auth.value, context)]
  }
}

/** A secret that fits into a header. Throws `SinkError` with `misconfigured`, without the secret. */
export function secretText(reference: SecretReference, context: SinkContext): string {
  const text = context.secret(reference).replace(/[\r\n]+$/, '')
  if (/^[\x20-\x7e]{1,8192}$/.test(text)) return text
  const where = 'file' in reference ? `file ${reference.file}` : `environment variable ${reference.env}`
  throw new SinkError('misconfigured', `the secret in ${where} is empty, or not printable ASCII on one line`)
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

async function readAnswer(body: Dispatcher.ResponseData['body'], maxBytes: number) {
  const chunks: Buffer[] = []
  let length = 0
  body.on('error', () => {})
  // Leaving the loop early ends the connection: nobody waits for the rest.
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > maxBytes) break
  }
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), isCut: length > maxBytes }
}

/** The beginning of the answer, or where it wants to send us; without a secret that it may have echoed. */
function excerpt(response: Dispatcher.ResponseData, text: string, secrets: readonly string[]): string {
  const to = single(response.headers['location'])
  const isRedirect = to !== undefined && response.statusCode < 400
  const said = isRedirect ? `redirects are not followed, it names ${to}` : text
  const shown = oneLine(secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, '[secret]'), said))
  return shown === '' ? '' : `: ${shown}`
}

/** The secret of a credential without its scheme. */
function bareSecret(credential: Credential | undefined): readonly string[] {
  const secret = credential?.[1].replace(/^[A-Za-z]+ /, '') ?? ''
  return secret === '' ? [] : [secret]
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
