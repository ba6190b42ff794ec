/**
 * Lines to NATS JetStream: each published with its id as `Nats-Msg-Id`, each waited for until the stream has stored it.
 *
 * Within the stream's duplicate window (two minutes unless changed) the server drops repeats by that id and acknowledges
 * them all the same. Core NATS without a stream acknowledges nothing and is not offered.
 */
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node'
import { z } from 'zod'
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { type ClientKind, ClientSink, type Refusal } from './client-sink.ts'
import { defineSink, type SinkContext } from './sink.ts'
import { describe, socketFailure } from './socket-failure.ts'
import { hostOption, portOption, secretOption, timeoutOption, tlsOption, tlsSettings } from './socket-options.ts'

const options = z.strictObject({
  host: hostOption.describe('Server'),
  port: portOption.default(4222).describe('Its port'),
  tls: tlsOption.optional().describe('Certificates; absent: without TLS, unless the server demands it'),
  username: z.string().min(1).optional().describe('User'),
  password: secretOption.optional().describe('Password of the user'),
  token: secretOption.optional().describe('Token, instead of a user'),
  nkey: secretOption.optional().describe('Seed of an nkey, instead of a user'),
  credentials: secretOption.optional().describe('Contents of a `.creds` file, instead of a user'),
  subject: z
    .string()
    .regex(/^[^\s.*>]+(\.[^\s.*>]+)*$/, 'tokens between dots, without wildcards and spaces')
    .default('threecx.{kind}')
    .describe('Subject; `{kind}` becomes result, snapshot or status'),
  stream: z
    .string()
    .min(1)
    .optional()
    .describe('Name of the stream that must take it; absent: whichever has the subject'),
  timeout_ms: timeoutOption,
})

/** Options of the NATS sink. */
export type NatsOptions = z.infer<typeof options>

export const natsSink = defineSink<NatsOptions>({
  type: 'nats',
  description:
    'Publishes each line to a NATS JetStream stream and waits until it is stored; the server drops repeats by id within its duplicate window.',
  references: [
    'https://docs.nats.io/nats-concepts/jetstream',
    'https://docs.nats.io/using-nats/developer/develop_jetstream/model_deep_dive',
  ],
  options,
  open: async (parsed, context) => new ClientSink(new NatsKind(parsed, context)),
})

/** What is published beside the line; names and ids may hold anything, headers printable ASCII only. */
export function natsHeaders({ sequence, kind, query, checksum }: SpooledEvent): Record<string, string> {
  return {
    'Threecx-Sequence': String(sequence),
    'Threecx-Kind': kind,
    'Threecx-Crc32': checksum.toString(16).padStart(8, '0'),
    ...(query === '' ? {} : { 'Threecx-Query': printable(query) }),
  }
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '_').slice(0, 200)
}

interface Client {
  readonly connection: NatsConnection
  publish(event: SpooledEvent): Promise<unknown>
}

/** JetStream's codes for a message that it will never take. */
const finalCodes: ReadonlySet<number> = new Set([10054])

class NatsKind implements ClientKind<Client> {
  readonly name: string
  readonly limits = { maxEvents: 500, maxBytes: 4 * 2 ** 20, maxLineBytes: 2 ** 20 - 2048 }
  readonly attempted: string
  readonly timeoutMs: number
  readonly #options: NatsOptions
  readonly #context: SinkContext

  constructor(parsed: NatsOptions, context: SinkContext) {
    this.name = context.name
    this.attempted = `publish to nats ${parsed.subject} at ${parsed.host}:${parsed.port}`
    this.timeoutMs = parsed.timeout_ms
    this.#options = parsed
    this.#context = context
  }

  async create(): Promise<Client> {
    const { connect, headers } = await import('@nats-io/transport-node')
    const { jetstream } = await import('@nats-io/jetstream')
    const { host, port, tls, subject, stream, timeout_ms: timeout } = this.#options
    const connection = await connect({
      servers: `${host.includes(':') ? `[${host}]` : host}:${port}`,
      name: `threecx-hunter ${this.#context.version}`,
      timeout,
      reconnect: false,
      ignoreClusterUpdates: true,
      ...(tls ? { tls: tlsSettings(tls, host, this.#context) as object } : {}),
      ...(await this.#authentication()),
    })
    const client = jetstream(connection, { timeout })
    return {
      connection,
      publish: async (event) => {
        const set: MsgHdrs = headers()
        for (const [name, value] of Object.entries(natsHeaders(event))) set.set(name, value)
        const expect = stream === undefined ? {} : { expect: { streamName: stream } }
        const at = subject.replaceAll('{kind}', event.kind)
        return await client.publish(at, event.line, { msgID: printable(event.id), headers: set, timeout, ...expect })
      },
    }
  }

  async send(
    { connection, publish }: Client,
    events: readonly SpooledEvent[],
  ): Promise<PromiseSettledResult<unknown>[]> {
    if (connection.isClosed()) throw new Error('the connection was closed since the last write')
    return await Promise.allSettled(events.map(publish))
  }

  refusalOf(cause: unknown): Refusal {
    const text = describe(cause)
    const name = cause instanceof Error ? cause.name : ''
    const number = cause instanceof Error && 'code' in cause && typeof cause.code === 'number' ? cause.code : 0
    if (finalCodes.has(number) || /max_payload/.test(text)) return { code: 'refused', reason: text, isFinal: true }
    if (
      /Authorization|Permission|UserAuthentication|InvalidSubject/.test(name) ||
      /authorization violation/i.test(text)
    ) {
      return { code: 'misconfigured', reason: `${text}; check user, secret and permissions`, isFinal: false }
    }
    if (/does not support 'tls'/.test(text)) {
      return { code: 'misconfigured', reason: `${text}; it is not spoken to in the clear`, isFinal: false }
    }
    if (number === 10060) {
      return {
        code: 'misconfigured',
        reason: `${text}; another stream has the subject; check \`stream\``,
        isFinal: false,
      }
    }
    if (name === 'JetStreamNotEnabled' || name === 'NoRespondersError') {
      const reason = 'nobody stores the subject: there is no stream for it, no leader, or no JetStream; make the stream'
      return { code: 'unavailable', reason, isFinal: false }
    }
    const { code, message } = socketFailure(cause, 'nats')
    return { code, reason: message, isFinal: false }
  }

  drop({ connection }: Client): void {
    connection.close().catch(() => undefined)
  }

  async #authentication(): Promise<object> {
    const { username, password, token, nkey, credentials } = this.#options
    const { credsAuthenticator, nkeyAuthenticator } = await import('@nats-io/transport-node')
    const bytes = (text: string) => new TextEncoder().encode(text.trim())
    if (credentials) return { authenticator: credsAuthenticator(bytes(this.#context.secret(credentials))) }
    if (nkey) return { authenticator: nkeyAuthenticator(bytes(this.#context.secret(nkey))) }
    if (token) return { token: this.#context.secret(token) }
    if (username === undefined) return {}
    return { user: username, ...(password ? { pass: this.#context.secret(password) } : {}) }
  }
}
