/**
 * Lines to a Kafka topic: acknowledged by all replicas in sync, each with its id and sequence as headers.
 *
 * The producer is idempotent, which keeps what the network doubles from being stored twice; what we send again after a
 * failure is a new record with the same `id`. A broker takes or refuses the records of a partition together; when it
 * finds them too large, each is sent by itself once, to learn which it will not have.
 */
import type { Producer } from '@platformatic/kafka'
import { z } from 'zod'
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { type ClientKind, ClientSink, type Refusal } from './client-sink.ts'
import { kafkaRefusal } from './kafka-refusal.ts'
import { defineSink, type SinkContext } from './sink.ts'
import { hostOption, portOption, secretOption, timeoutOption, tlsOption, tlsSettings } from './socket-options.ts'

const mechanisms = { plain: 'PLAIN', 'scram-sha-256': 'SCRAM-SHA-256', 'scram-sha-512': 'SCRAM-SHA-512' } as const

const options = z.strictObject({
  brokers: z
    .array(
      z.strictObject({ host: hostOption.describe('Name or address'), port: portOption.default(9092).describe('Port') }),
    )
    .min(1)
    .max(100)
    .describe('Brokers to ask first; the others are learnt from them'),
  topic: z
    .string()
    .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/)
    .describe('Topic; it must be there'),
  key: z
    .enum(['host', 'id', 'query'])
    .default('host')
    .describe('What decides the partition. host: one partition for this host, in order. id: spread over all'),
  compression: z.enum(['none', 'gzip', 'zstd']).default('none').describe('Compression of what is sent'),
  max_batch_bytes: z
    .int()
    .min(200_000)
    .max(100 * 2 ** 20)
    .default(1_000_000)
    .describe('What the broker takes at once (`message.max.bytes` of the broker, `max.message.bytes` of the topic)'),
  tls: tlsOption.optional().describe('Certificates; absent: without TLS'),
  sasl: z
    .strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).describe('How to log in'),
      username: z.string().min(1).describe('User'),
      password: secretOption.describe('Password'),
    })
    .optional()
    .describe('Login; absent: none'),
  timeout_ms: timeoutOption,
})

/** Options of the Kafka sink. */
export type KafkaOptions = z.infer<typeof options>

export const kafkaSink = defineSink<KafkaOptions>({
  type: 'kafka',
  description:
    'Produces each line to a Kafka topic with acks=all and an idempotent producer; id, sequence, checksum, kind and query are headers.',
  references: ['https://kafka.apache.org/documentation/#producerconfigs', 'https://kafka.apache.org/protocol.html'],
  options,
  open: async (parsed, context) => new ClientSink(new KafkaKind(parsed, context)),
})

/** A record before it has a partition. */
export interface KafkaRecord {
  readonly key: Buffer
  readonly value: Buffer
  readonly headers: Map<Buffer, Buffer>
  readonly timestamp: bigint
}

/** The record of an event. */
export function kafkaRecord(event: SpooledEvent, key: KafkaOptions['key'], host: string): KafkaRecord {
  const { id, sequence, kind, query, checksum, line, unixTime } = event
  const headers = { id, sequence, kind, query, crc32: checksum.toString(16).padStart(8, '0') }
  return {
    key: Buffer.from({ host, id, query }[key]),
    value: Buffer.from(line),
    headers: new Map(Object.entries(headers).map(([name, value]) => [Buffer.from(name), Buffer.from(String(value))])),
    timestamp: BigInt(Math.max(0, Math.trunc(unixTime))) * 1000n,
  }
}

/** Events that were sent together, and how that ended. */
interface Group {
  readonly events: readonly SpooledEvent[]
  readonly outcome: PromiseSettledResult<unknown>
}

/** Bytes that a record may have beside its line. */
const recordOverhead = 400
const maxEvents = 250

class KafkaKind implements ClientKind<Producer> {
  readonly name: string
  readonly limits
  readonly attempted: string
  readonly timeoutMs: number
  readonly #options: KafkaOptions
  readonly #context: SinkContext

  constructor(parsed: KafkaOptions, context: SinkContext) {
    this.name = context.name
    this.timeoutMs = parsed.timeout_ms
    const lineBytes = parsed.max_batch_bytes - maxEvents * recordOverhead
    this.limits = { maxEvents, maxBytes: lineBytes, maxLineBytes: lineBytes }
    const [first] = parsed.brokers
    this.attempted = `produce to kafka topic ${parsed.topic} at ${first?.host}:${first?.port}`
    this.#options = parsed
    this.#context = context
  }

  async create(): Promise<Producer> {
    const { Producer } = await import('@platformatic/kafka')
    const { brokers, timeout_ms: timeout, tls, sasl, compression } = this.#options
    const producer = new Producer({
      clientId: 'threecx-hunter',
      bootstrapBrokers: brokers,
      idempotent: true,
      // Anything but `false` makes an idempotent producer of this library try again for ever.
      retries: false,
      repeatOnStaleMetadata: false,
      autocreateTopics: false,
      timeout,
      requestTimeout: timeout,
      connectTimeout: Math.min(timeout, 10_000),
      compression,
      ...(tls ? this.#tls(tls) : {}),
      ...(sasl ? { sasl: this.#login(sasl) } : {}),
    })
    // A connection that breaks during the login says so twice; the library hears the first, the second ends the process.
    producer.connections.on('connecting', ({ connection }) => connection.on('error', () => undefined))
    return producer
  }

  async send(producer: Producer, events: readonly SpooledEvent[]): Promise<PromiseSettledResult<unknown>[]> {
    const { murmur2 } = await import('@platformatic/kafka')
    const { topic, key } = this.#options
    const found = (await producer.metadata({ topics: [topic] })).topics.get(topic)
    if (!found || found.partitionsCount < 1) throw new Error(`the topic ${topic} has no partitions`)
    const outcomes = new Map<SpooledEvent, PromiseSettledResult<unknown>>()
    // The partition that Java's clients choose for the same key.
    const partitionOf = (event: SpooledEvent) =>
      (murmur2(kafkaRecord(event, key, this.#context.host).key) & 0x7fffffff) % found.partitionsCount
    let lost: unknown
    for (const [partition, those] of Map.groupBy(events, partitionOf)) {
      for (const group of await this.#groups(producer, those, partition, lost)) {
        for (const event of group.events) outcomes.set(event, group.outcome)
        if (group.outcome.status === 'rejected' && !this.refusalOf(group.outcome.reason).isFinal)
          lost = group.outcome.reason
      }
    }
    return events.map((event) => outcomes.get(event) ?? { status: 'rejected', reason: lost })
  }

  refusalOf(cause: unknown): Refusal {
    return kafkaRefusal(cause)
  }

  drop(producer: Producer): void {
    for (const [, connection] of producer.connections) connection.socket?.destroy()
    producer.close().catch(() => undefined)
  }

  /** Sends events of one partition together; one by one when they are too large together. */
  async #groups(
    producer: Producer,
    events: readonly SpooledEvent[],
    partition: number,
    lost: unknown,
  ): Promise<Group[]> {
    if (lost !== undefined) return [{ events, outcome: { status: 'rejected', reason: lost } }]
    const { topic, key } = this.#options
    const messages = events.map((event) => ({ topic, partition, ...kafkaRecord(event, key, this.#context.host) }))
    const [outcome] = await Promise.allSettled([producer.send({ messages })])
    if (outcome.status === 'fulfilled' || events.length === 1 || !this.refusalOf(outcome.reason).isFinal) {
      return [{ events, outcome }]
    }
    const singles: Group[] = []
    for (const event of events) {
      const last = singles.at(-1)?.outcome
      const isLost = last?.status === 'rejected' && !this.refusalOf(last.reason).isFinal
      singles.push(...(await this.#groups(producer, [event], partition, isLost ? last.reason : undefined)))
    }
    return singles
  }

  #tls(tls: NonNullable<KafkaOptions['tls']>) {
    const [first] = this.#options.brokers
    const { servername, ...settings } = tlsSettings(tls, first?.host ?? '', this.#context)
    // Each broker has a name of its own, which the library takes from what the cluster says.
    return { tls: settings, tlsServerName: tls.server_name ?? servername !== undefined }
  }

  #login({ mechanism, username, password }: NonNullable<KafkaOptions['sasl']>) {
    return { mechanism: mechanisms[mechanism], username, password: this.#context.secret(password) }
  }
}
