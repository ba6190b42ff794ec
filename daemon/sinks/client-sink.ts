/**
 * What sinks with a client library have in common: one connection, made by the first write, dropped after any trouble.
 *
 * The libraries want to reconnect, queue and repeat by themselves; all of that is turned off or bounded here, because the
 * delivery loop does it. A dropped client takes its half-sent requests with it, so that nothing arrives later by surprise.
 */
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { withDeadline } from './deadline.ts'
import { OpenedSockets } from './opened-sockets.ts'
import { type Batch, type EventFailure, type Sink, SinkError, type SinkErrorCode, type SinkLimits } from './sink.ts'

/** Why one event, or all, failed. */
export interface Refusal {
  readonly code: SinkErrorCode
  readonly reason: string
  /** Whether sending the same event again is pointless. */
  readonly isFinal: boolean
}

/** One client library. */
export interface ClientKind<Client> {
  readonly name: string
  readonly limits: SinkLimits
  /** What a write attempts, for messages: `add to redis stream x at host:port`. */
  readonly attempted: string
  readonly timeoutMs: number
  create(): Promise<Client>
  /** Sends all events at once; one outcome for each, in their order. May throw when all failed alike. */
  send(client: Client, events: readonly SpooledEvent[]): Promise<readonly PromiseSettledResult<unknown>[]>
  /** What something thrown means. */
  refusalOf(cause: unknown): Refusal
  /** Frees the client at once, whatever it is doing. */
  drop(client: Client): void
}

/** The worst decides what the loop does next. */
const byWeight: readonly SinkErrorCode[] = ['misconfigured', 'unavailable', 'refused']

export class ClientSink<Client> implements Sink {
  readonly name: string
  readonly limits: SinkLimits
  readonly #kind: ClientKind<Client>
  #client: Promise<Client> | undefined
  #sockets = new OpenedSockets()

  constructor(kind: ClientKind<Client>) {
    this.name = kind.name
    this.limits = kind.limits
    this.#kind = kind
  }

  async write(batch: Batch, signal: AbortSignal): Promise<void> {
    const { attempted, timeoutMs } = this.#kind
    try {
      const client = this.#client ?? this.#sockets.during(() => this.#kind.create())
      this.#client = client
      const sending = this.#sockets.during(async () => await this.#kind.send(await client, batch.events))
      const outcomes = await withDeadline(sending, { timeoutMs, signal, attempted }, () => undefined)
      const failed = batch.events.flatMap(({ sequence }, index) => {
        const outcome = outcomes[index]
        if (outcome?.status === 'fulfilled') return []
        return [{ sequence, ...this.#kind.refusalOf(outcome?.reason ?? new Error('the client gave no answer for it')) }]
      })
      if (failed.length > 0) throw failureOf(attempted, batch, failed)
    } catch (cause) {
      const failure = cause instanceof SinkError ? cause : this.#failed(cause)
      if (failure.code !== 'refused') this.#drop()
      throw failure
    }
  }

  async close(): Promise<void> {
    this.#drop()
  }

  #failed(cause: unknown): SinkError {
    const { code, reason } = this.#kind.refusalOf(cause)
    return new SinkError(code, `${this.#kind.attempted}: ${reason}`, { cause })
  }

  #drop(): void {
    const client = this.#client
    this.#client = undefined
    client?.then((one) => this.#kind.drop(one)).catch(() => undefined)
    const sockets = this.#sockets
    this.#sockets = new OpenedSockets()
    // In a turn of its own, after the client has heard that it is dropped.
    setImmediate(() => sockets.destroy())
  }
}

function failureOf(attempted: string, batch: Batch, failed: readonly (EventFailure & Refusal)[]): SinkError {
  const code = byWeight.find((one) => failed.some((event) => event.code === one)) ?? 'unavailable'
  const [first] = failed.filter((event) => event.code === code)
  const message = `${attempted}: ${first?.reason}; ${failed.length} of ${batch.events.length} events failed`
  const failures = failed.map(({ sequence, reason, isFinal }) => ({ sequence, reason, isFinal }))
  return new SinkError(code, message, { failures })
}
