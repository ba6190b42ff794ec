/**
 * Lines to a syslog receiver (RFC 5424): over UDP, TCP, TLS or a UNIX stream socket.
 *
 * Syslog has no acknowledgement. The strongest thing that can be known is asked for by default (`confirm: close`): each
 * batch has a connection of its own, we end our half after the last byte, and wait until the receiver ends its own; a
 * receiver that ends in answer to our end has read all of it. What its program does afterwards is beyond the socket.
 * A relay in between confirms for itself only.
 *
 * No datagrams to a path: Node cannot open such a socket, and the one native package is not worth its risk. `/dev/log`
 * of journald and of rsyslog's imuxsock takes datagrams only; use rsyslog's imptcp with `path`, or loopback UDP or TCP.
 */
import { z } from 'zod'
import { withDeadline } from './deadline.ts'
import { type Batch, defineSink, type EventFailure, type Sink, type SinkContext, SinkError } from './sink.ts'
import { hostOption, portOption, timeoutOption, tlsOption } from './socket-options.ts'
import { DatagramCarrier } from './syslog-datagrams.ts'
import { maxHeaderBytes, octetCounted, type SyslogHeader, syslogMessage } from './syslog-frame.ts'
import { StreamCarrier } from './syslog-streams.ts'

const facilities = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'ntp'],
  ...['audit', 'alert', 'clock', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
] as const

const confirmOption = z
  .enum(['close', 'flush'])
  .default('close')
  .describe(
    'When a batch counts as delivered. close: the receiver has ended the connection after our end, so its program has read everything. flush: the bytes are in the kernel and the connection, which stays open, has not broken; for receivers that do not answer an end',
  )

const common = {
  facility: z.enum(facilities).default('local3').describe('Facility of every message'),
  app_name: z.string().min(1).max(48).default('threecx-hunter').describe('APP-NAME of every message'),
  enterprise_number: z
    .int()
    .min(1)
    .default(32473)
    .describe('Private enterprise number of the structured data; the default is the one reserved for examples'),
  max_message_bytes: z
    .int()
    .min(2048)
    .max(16 * 2 ** 20)
    .default(8192)
    .describe(
      'Longest message the receiver takes whole (rsyslog: `maxMessageSize`, 8192 unless raised). A receiver cuts longer ones silently, so they never leave here: they become dead letters, with that reason',
    ),
  byte_order_mark: z
    .boolean()
    .default(true)
    .describe(
      'Whether lines beyond ASCII begin with a byte order mark, as RFC 5424 asks; some readers of JSON stumble over it',
    ),
  timeout_ms: timeoutOption,
}

const options = z.discriminatedUnion('transport', [
  z.strictObject({
    transport: z.literal('udp').describe('Datagrams (RFC 5426): what is lost on the way is lost; at most once'),
    host: hostOption.describe('Receiver'),
    port: portOption.default(514).describe('Its port'),
    ...common,
    max_message_bytes: common.max_message_bytes
      .unwrap()
      .max(65_507)
      .default(8192)
      .describe('As for the others, and at most what a datagram holds'),
  }),
  z.strictObject({
    transport: z.literal('tcp').describe('Octet-counted frames (RFC 6587)'),
    host: hostOption.describe('Receiver'),
    port: portOption.default(601).describe('Its port'),
    confirm: confirmOption,
    ...common,
  }),
  z.strictObject({
    transport: z.literal('tls').describe('Octet-counted frames in TLS (RFC 5425)'),
    host: hostOption.describe('Receiver'),
    port: portOption.default(6514).describe('Its port'),
    tls: tlsOption.prefault({}).describe('Certificates'),
    confirm: confirmOption,
    ...common,
  }),
  z.strictObject({
    transport: z
      .literal('unix')
      .describe('Octet-counted frames to a UNIX stream socket; not /dev/log, which takes datagrams'),
    path: z.string().min(1).describe('The socket'),
    confirm: confirmOption,
    ...common,
  }),
])

/** Options of the syslog sink. */
export type SyslogOptions = z.infer<typeof options>

/** A way to a receiver. */
export interface Carrier {
  /** Sends messages; resolves as the transport can say, with those that can never be sent. */
  send(
    messages: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<readonly { readonly index: number; readonly reason: string }[]>
  /** Frees everything at once. */
  destroy(): void
}

export const syslogSink = defineSink<SyslogOptions>({
  type: 'syslog',
  description:
    'Syslog (RFC 5424) with id, sequence and checksum as structured data. Syslog acknowledges nothing: over TCP, TLS and UNIX sockets a batch is delivered at least once as far as the next program on the way, over UDP at most once.',
  references: [
    'https://www.rfc-editor.org/rfc/rfc5424',
    'https://www.rfc-editor.org/rfc/rfc5425',
    'https://www.rfc-editor.org/rfc/rfc5426',
    'https://www.rfc-editor.org/rfc/rfc6587',
  ],
  options,
  open: async (parsed, context) => new SyslogSink(parsed, context),
})

class SyslogSink implements Sink {
  readonly name: string
  readonly limits
  readonly #options: SyslogOptions
  readonly #header: SyslogHeader
  readonly #carrier: Carrier
  readonly #attempted: string

  constructor(parsed: SyslogOptions, context: SinkContext) {
    this.name = context.name
    this.limits = { maxEvents: 1000, maxBytes: 2 ** 20, maxLineBytes: parsed.max_message_bytes - maxHeaderBytes }
    this.#options = parsed
    const place = parsed.transport === 'unix' ? parsed.path : `${parsed.host}:${parsed.port}`
    this.#attempted = `send syslog to ${parsed.transport} ${place}`
    this.#header = {
      facility: facilities.indexOf(parsed.facility),
      host: context.host,
      appName: parsed.app_name,
      processId: process.pid,
      enterprise: parsed.enterprise_number,
      hasMark: parsed.byte_order_mark,
    }
    this.#carrier =
      parsed.transport === 'udp'
        ? new DatagramCarrier(parsed, this.#attempted)
        : new StreamCarrier(parsed, context, this.#attempted)
  }

  async write(batch: Batch, signal: AbortSignal): Promise<void> {
    const { max_message_bytes: max, timeout_ms: timeoutMs, transport } = this.#options
    const messages = batch.events.map((event) => ({ event, message: syslogMessage(event, this.#header) }))
    const fitting = messages.filter(({ message }) => message.length <= max)
    const failures: EventFailure[] = messages
      .filter(({ message }) => message.length > max)
      .map(({ event, message }) => ({
        sequence: event.sequence,
        reason: `the message has ${message.length} bytes, the receiver takes ${max} (max_message_bytes)`,
        isFinal: true,
      }))
    if (fitting.length > 0) {
      const frames = fitting.map(({ message }) => (transport === 'udp' ? message : octetCounted(message)))
      const giveUp = new AbortController()
      const refused = await withDeadline(
        this.#carrier.send(frames, giveUp.signal),
        { timeoutMs, signal, attempted: this.#attempted },
        () => {
          giveUp.abort()
          this.#carrier.destroy()
        },
      )
      for (const { index, reason } of refused) {
        failures.push({ sequence: fitting[index]?.event.sequence ?? 0, reason, isFinal: true })
      }
    }
    if (failures.length === 0) return
    throw new SinkError('refused', `${this.#attempted}: ${failures.length} messages are too long`, { failures })
  }

  async close(): Promise<void> {
    this.#carrier.destroy()
  }
}
