/**
 * The delivery loop of one sink: takes events from the spool, hands them over, settles what came of it, waits when it
 * must. Every sink has a loop of its own, so that one that hangs holds up nobody else.
 *
 * The order is write, then settle: a crash between the two repeats a delivery with the same ids and loses nothing.
 */
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import type { Alarm, Clock } from '../../extension/runtime/clock.ts'
import type { Logger } from '../../extension/runtime/log.ts'
import type { Sink } from '../sinks/sink.ts'
import type { Spool } from '../spool/spool.ts'
import { attempt, fitting, type Outcome } from './attempt.ts'
import { Backoff, type BackoffOptions, type CircuitState } from './backoff.ts'

/** How a sink is served. */
export interface DeliveryOptions extends BackoffOptions {
  /** Events and bytes of a batch; the sink's own limits count too. */
  readonly maxEvents: number
  readonly maxBytes: number
  /** How long a batch may wait for more events. */
  readonly lingerMs: number
  /** How long one write may take. */
  readonly timeoutMs: number
}

/** What the loop of a sink tells of itself. */
export interface DeliveryStanding {
  readonly sink: string
  readonly circuit: CircuitState
  readonly attempts: number
  readonly failures: number
  /** Milliseconds since 1970 of the last batch that was taken. */
  readonly lastSuccessMs: number | undefined
  readonly lastError: string | undefined
}

/** What the loop needs. */
export interface DeliveryServices {
  readonly spool: Spool
  /** Makes an event what receivers get: with proof or without. */
  readonly dress: (event: SpooledEvent) => SpooledEvent
  readonly log: Logger
  readonly clock: Clock
  readonly alarm: Alarm
  readonly random: () => number
}

/**
 * Dead letters in a row, with nothing taken between them, after which a refusal looks like the receiver's fault: one that
 * refuses everything is configured wrongly, and emptying the spool into dead letters would help nobody. From then on
 * there is one event per longest waiting time, so that a person has days, and bad events still do not block good ones
 * behind them for ever.
 */
const maxDeadInARow = 16

/** The loop of one sink. */
export class Delivery {
  readonly #sink: Sink
  readonly #options: DeliveryOptions
  readonly #services: DeliveryServices
  readonly #backoff: Backoff
  /** Events that a batch may have while a refused one is taken apart. */
  #share = Number.POSITIVE_INFINITY
  #deadInARow = 0
  #attempts = 0
  #failures = 0
  #lastSuccessMs: number | undefined
  #lastError: string | undefined
  #isWaiting = false

  constructor(sink: Sink, options: DeliveryOptions, services: DeliveryServices) {
    this.#sink = sink
    this.#options = options
    this.#services = services
    this.#backoff = new Backoff(options, services.random)
  }

  standing(): DeliveryStanding {
    const circuit = !this.#backoff.isProbing ? 'closed' : this.#isWaiting ? 'open' : 'half_open'
    return {
      sink: this.#sink.name,
      circuit,
      attempts: this.#attempts,
      failures: this.#failures,
      lastSuccessMs: this.#lastSuccessMs,
      lastError: this.#lastError,
    }
  }

  /**
   * Delivers until `stop` aborts and the spool has nothing more for the sink, or a failure came after that, or `abandon`
   * aborts. Resolves then; rejects only when the spool fails.
   */
  async run(stop: AbortSignal, abandon: AbortSignal): Promise<void> {
    while (!abandon.aborted) {
      const { newest } = this.#services.spool
      const events = this.#next()
      if (events.length === 0) {
        if (stop.aborted) return
        await this.#services.spool.appended(newest, stop)
        await this.#sleep(this.#options.lingerMs, stop)
        continue
      }
      const waitMs = await this.#deliver(events, abandon)
      if (waitMs === 0) continue
      if (stop.aborted) return
      this.#isWaiting = true
      await this.#sleep(waitMs, stop)
      this.#isWaiting = false
    }
  }

  /** Whether the receiver has refused so many events, and taken none, that the fault may be its own. */
  get #isRefusedThroughout(): boolean {
    return this.#deadInARow >= maxDeadInARow
  }

  #next(): readonly SpooledEvent[] {
    const { limits, name } = this.#sink
    const share = this.#backoff.isProbing || this.#isRefusedThroughout ? 1 : this.#share
    return this.#services.spool.read(name, {
      maxEvents: Math.min(this.#options.maxEvents, limits.maxEvents, share),
      maxBytes: Math.min(this.#options.maxBytes, limits.maxBytes),
    })
  }

  /** Tries once and settles; tells how long to wait before the next try. */
  async #deliver(events: readonly SpooledEvent[], abandon: AbortSignal): Promise<number> {
    const { spool, dress } = this.#services
    const dressed = events.map(dress)
    const { fit, dead: tooLong } = fitting(dressed, this.#sink.limits.maxLineBytes)
    const outcome =
      fit.length === 0
        ? { delivered: new Set<number>(), dead: new Map<number, string>() }
        : this.#count(await attempt(this.#sink, fit, this.#options.timeoutMs, abandon))
    const dead = new Map([...tooLong, ...outcome.dead])
    spool.settle(this.#sink.name, events, { delivered: outcome.delivered, dead })
    for (const [sequence, reason] of dead) this.#tellDead(sequence, reason)
    return this.#after(fit.length, outcome)
  }

  #count(outcome: Outcome): Outcome {
    this.#attempts++
    this.#deadInARow = outcome.delivered.size > 0 ? 0 : this.#deadInARow + outcome.dead.size
    return outcome
  }

  /** What a try means for the next one; tells how long to wait before it. */
  #after(count: number, { failure, delivered, dead }: Outcome): number {
    if (delivered.size > 0) this.#lastSuccessMs = this.#services.clock.nowMs()
    if (this.#isRefusedThroughout && dead.size > 0) {
      const [reason = 'refused'] = dead.values()
      return this.#failed({
        code: 'misconfigured',
        message: `${this.#deadInARow} refused in a row, none taken: ${reason}`,
      })
    }
    if (failure?.code === 'refused' && delivered.size + dead.size > 0) return 0 // those that were named are done with
    if (failure?.code === 'refused' && count > 1) {
      this.#share = Math.ceil(count / 2)
      return 0
    }
    if (failure) return this.#failed(failure)
    if (this.#backoff.failures > 0) this.#services.log.info({ sink: this.#sink.name }, 'a sink takes events again')
    this.#backoff.succeeded()
    this.#lastError = undefined
    this.#share *= 2
    return 0
  }

  #failed(failure: NonNullable<Outcome['failure']>): number {
    this.#failures++
    this.#lastError = failure.message
    const waitMs = this.#backoff.failed({
      askedMs: failure.retryAfterMs,
      needsPerson: failure.code === 'misconfigured',
    })
    this.#tellFailure(failure, waitMs)
    return Math.max(waitMs, 1)
  }

  /** The first failure of a row and every one that doubles their number is told: a dead receiver must not fill the log. */
  #tellFailure({ code, message }: NonNullable<Outcome['failure']>, waitMs: number): void {
    const { failures } = this.#backoff
    if ((failures & (failures - 1)) !== 0) return
    const fields = { sink: this.#sink.name, code, reason: message, failures, retry_ms: waitMs }
    this.#services.log.warn(fields, 'a sink did not take events; they are kept')
  }

  #tellDead(sequence: number, reason: string): void {
    const fields = { sink: this.#sink.name, sequence, reason }
    this.#services.log.error(fields, 'an event will never be taken by a sink; it is kept as a dead letter')
  }

  async #sleep(ms: number, stop: AbortSignal): Promise<void> {
    if (ms === 0 || stop.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const callOff = this.#services.alarm.after(ms, resolve)
    const wake = () => resolve()
    stop.addEventListener('abort', wake, { once: true })
    await promise
    stop.removeEventListener('abort', wake)
    callOff()
  }
}
