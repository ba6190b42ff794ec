/**
 * Lines to a Redis stream: one XADD for each event, all of a batch in one pipeline, one reply for each.
 *
 * Delivered means that Redis replied; how durable that is, its own `appendonly` settings and replicas decide. A repeated
 * delivery is a second entry with the same `id` field: entry ids of Redis are per stream, and several hosts share one.
 */
import { z } from 'zod'
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { type ClientKind, ClientSink, type Refusal } from './client-sink.ts'
import { defineSink, type SinkContext } from './sink.ts'
import { describe, socketFailure } from './socket-failure.ts'
import { hostOption, portOption, secretOption, timeoutOption, tlsOption, tlsSettings } from './socket-options.ts'

const options = z.strictObject({
  host: hostOption.describe('Server'),
  port: portOption.default(6379).describe('Its port'),
  tls: tlsOption.optional().describe('Certificates; absent: without TLS'),
  username: z.string().min(1).optional().describe('User; absent: the default one'),
  password: secretOption.optional().describe('Password'),
  database: z.int().min(0).max(65_535).default(0).describe('Number of the database'),
  stream: z.string().min(1).max(512).default('threecx-hunter').describe('Key of the stream'),
  max_length: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Entries that the stream keeps, about (MAXLEN ~); absent: all. What is trimmed before it was read is lost',
    ),
  timeout_ms: timeoutOption,
})

/** Options of the Redis sink. */
export type RedisOptions = z.infer<typeof options>

type Client = Awaited<ReturnType<typeof createClient>>

export const redisSink = defineSink<RedisOptions>({
  type: 'redis',
  description:
    'Adds each line to a Redis or Valkey stream, with `id` for readers that drop repeats. At least once, as durable as the server is set up to be.',
  references: [
    'https://redis.io/docs/latest/commands/xadd/',
    'https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/',
  ],
  options,
  open: async (parsed, context) => new ClientSink(new RedisKind(parsed, context)),
})

/** The words after XADD. */
export function redisEntry(
  event: SpooledEvent,
  { stream, max_length }: Pick<RedisOptions, 'stream' | 'max_length'>,
): string[] {
  const trimming = max_length === undefined ? [] : ['MAXLEN', '~', String(max_length)]
  const { id, sequence, kind, query, unixTime, checksum, line } = event
  const fields = { id, sequence, kind, query, time: unixTime, crc32: checksum.toString(16).padStart(8, '0'), line }
  return [stream, ...trimming, '*', ...Object.entries(fields).flatMap(([name, value]) => [name, String(value)])]
}

/** First words of replies that somebody has to act on; everything else may pass. */
const forPeople: Readonly<Record<string, string>> = {
  WRONGTYPE: 'the key holds something else than a stream; choose another `stream`',
  NOAUTH: 'give a password',
  WRONGPASS: 'check user and password',
  NOPERM: 'allow the user XADD on the stream',
  DENIED: 'the server is in protected mode; give it a password',
  MOVED: 'the server is part of a cluster; name the node that holds the stream',
}

class RedisKind implements ClientKind<Client> {
  readonly name: string
  readonly limits = { maxEvents: 1000, maxBytes: 4 * 2 ** 20, maxLineBytes: 16 * 2 ** 20 }
  readonly attempted: string
  readonly timeoutMs: number
  readonly #options: RedisOptions
  readonly #context: SinkContext

  constructor(parsed: RedisOptions, context: SinkContext) {
    this.name = context.name
    this.attempted = `add to redis stream ${parsed.stream} at ${parsed.host}:${parsed.port}`
    this.timeoutMs = parsed.timeout_ms
    this.#options = parsed
    this.#context = context
  }

  async create(): Promise<Client> {
    return await createClient(this.#options, this.#context)
  }

  async send(client: Client, events: readonly SpooledEvent[]): Promise<PromiseSettledResult<unknown>[]> {
    if (!client.isOpen) await client.connect()
    return await Promise.allSettled(
      events.map(async (event) => await client.sendCommand(['XADD', ...redisEntry(event, this.#options)])),
    )
  }

  refusalOf(cause: unknown): Refusal {
    const text = describe(cause)
    const word = text.split(' ', 1)[0] ?? ''
    const remedy =
      forPeople[word] ?? (/^ERR (AUTH|invalid password|DB index|unknown command)/.test(text) ? 'check it' : undefined)
    if (remedy !== undefined) return { code: 'misconfigured', reason: `${text}; ${remedy}`, isFinal: false }
    const { code, message } = socketFailure(cause, 'redis')
    return { code, reason: message, isFinal: false }
  }

  drop(client: Client): void {
    // destroy() throws when the client was never opened.
    if (client.isOpen) client.destroy()
  }
}

/** A client that neither reconnects nor queues while it is not connected. */
async function createClient(parsed: RedisOptions, context: SinkContext) {
  const redis = await import('@redis/client')
  const { host, port, tls, username, password, database, timeout_ms: connectTimeout } = parsed
  const common = { host, port, connectTimeout, reconnectStrategy: false as const }
  const client = redis.createClient({
    socket: tls ? { ...common, ...tlsSettings(tls, host, context), tls: true as const } : common,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: context.secret(password) }),
    database,
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
  })
  // Failures come as rejections of what was asked; without a listener the same error would end the process.
  client.on('error', () => undefined)
  return client
}
