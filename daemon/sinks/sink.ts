/**
 * Where result events leave this host: the contract that every sink keeps, one sink per file.
 *
 * A sink writes a batch once and says how it went. It never retries, waits, drops or reorders: back-off, circuit
 * breaking, splitting, dead letters and the spool's cursors are the delivery loop's, for all sinks alike.
 */
import type { ZodType } from 'zod'
import type { SpooledEvent } from '../../extension/domain/result-event.ts'

/** Events in the order of their sequence; never empty, and within the sink's limits. */
export interface Batch {
  readonly events: readonly SpooledEvent[]
}

/** What a receiver takes at once. */
export interface SinkLimits {
  readonly maxEvents: number
  /** Bytes of all lines of a batch together. */
  readonly maxBytes: number
  /** A longer line is never handed to the sink: it becomes a dead letter with that reason. */
  readonly maxLineBytes: number
}

/** An open sink. */
export interface Sink {
  readonly name: string
  readonly limits: SinkLimits
  /**
   * Hands a batch to the far side.
   *
   * Resolving means that the far side has the whole batch as durably as it can say: the spool forgets it for this sink.
   * Rejecting with `SinkError` means that all of it, or the events named in `failures`, are not there. Anything else
   * thrown counts as `unavailable` for all of it. When `signal` aborts, reject soon; what was sent may be sent again.
   */
  write(batch: Batch, signal: AbortSignal): Promise<void>
  /** Frees what is open, within a second. Called once, no write is under way. */
  close(): Promise<void>
}

/**
 * Why a write failed. `unavailable`: try again later. `refused`: the receiver has looked at the data and will not have
 * it; trying the same again is pointless. `misconfigured`: credentials, certificates or the address are wrong; nothing
 * is wrong with the data, a person has to act.
 */
export type SinkErrorCode = 'unavailable' | 'refused' | 'misconfigured'

/** One event that a receiver did not take, while it took others of the same batch. */
export interface EventFailure {
  readonly sequence: number
  readonly reason: string
  /** Whether sending it again is pointless: it becomes a dead letter. */
  readonly isFinal: boolean
}

/** A write that failed, wholly or in part. The message is one line and says what was sent where and what came back. */
export class SinkError extends Error {
  override readonly name = 'SinkError'
  readonly code: SinkErrorCode
  /** The events that failed; absent: the whole batch. */
  readonly failures?: readonly EventFailure[]
  /** How long the receiver asked to be left alone. */
  readonly retryAfterMs?: number

  constructor(
    code: SinkErrorCode,
    message: string,
    options: ErrorOptions & { readonly failures?: readonly EventFailure[]; readonly retryAfterMs?: number } = {},
  ) {
    super(message, options)
    this.code = code
    if (options.failures) this.failures = options.failures
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
  }
}

/** What a sink gets from around it. */
export interface SinkContext {
  /** Name in the configuration: unique among the sinks. */
  readonly name: string
  /** Host identifier as it stands in the lines. */
  readonly host: string
  readonly version: string
  /** Reads a secret of the options now: files may be rotated. Throws `SinkError` with `misconfigured`. */
  secret(reference: SecretReference): string
  /** Tells something that an operator should look at; delivery failures are told by the loop, not here. */
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** Where a secret is; it never stands in the configuration itself. */
export type SecretReference = { readonly file: string } | { readonly env: string }

/** A kind of sink: what may be configured, and how it is opened. */
export interface SinkDefinition<Options = unknown> {
  /** `type` in the configuration, snake_case. */
  readonly type: string
  /** One sentence for docs/sinks.md. */
  readonly description: string
  /** Documentation of the receiver's interface. */
  readonly references: readonly string[]
  /** Strict object of the sink's own options, each with a description; `type`, `name` and delivery options are not among them. */
  readonly options: ZodType<Options>
  /** Opens nothing that needs the far side: an absent receiver fails `write`, not this. Throws `SinkError` with `misconfigured`. */
  open(options: Options, context: SinkContext): Promise<Sink>
}

/** Keeps the type of the options. */
export function defineSink<Options>(definition: SinkDefinition<Options>): SinkDefinition<Options> {
  return definition
}
