/**
 * One try to hand events to a sink, and what it means for each of them.
 *
 * Pure in its verdict: an event is delivered, dead for this sink, or to be tried again. A receiver that refuses a whole
 * batch has not said which event it dislikes, so nothing is dead until a batch of one was refused.
 */
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { type Sink, SinkError, type SinkErrorCode } from '../sinks/sink.ts'

/** What became of the events of one try. */
export interface Outcome {
  readonly delivered: ReadonlySet<number>
  /** Sequence to reason. */
  readonly dead: ReadonlyMap<number, string>
  /** Why some have to be tried again; absent: none. */
  readonly failure?: { readonly code: SinkErrorCode; readonly message: string; readonly retryAfterMs?: number }
}

/** Splits off what is too long for the sink; the rest is what it gets. */
export function fitting(
  events: readonly SpooledEvent[],
  maxLineBytes: number,
): { readonly fit: readonly SpooledEvent[]; readonly dead: ReadonlyMap<number, string> } {
  const dead = new Map<number, string>()
  const fit = events.filter(({ sequence, line }) => {
    if (line.length * 3 <= maxLineBytes) return true // UTF-8 takes at most three bytes for a code unit
    const bytes = Buffer.byteLength(line)
    if (bytes <= maxLineBytes) return true
    dead.set(sequence, `the line has ${bytes} bytes; the sink takes ${maxLineBytes}`)
    return false
  })
  return { fit, dead }
}

/** Writes once, within a time limit. Never rejects: whatever happens is an outcome. */
export async function attempt(
  sink: Sink,
  events: readonly SpooledEvent[],
  timeoutMs: number,
  stop: AbortSignal,
): Promise<Outcome> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = AbortSignal.any([timeout, stop])
  try {
    await withDeadline(sink.write({ events }, signal), signal)
    return { delivered: sequencesOf(events), dead: new Map() }
  } catch (error) {
    if (timeout.aborted) return failedAll('unavailable', `no answer within ${timeoutMs} ms`)
    return outcomeOf(error, events)
  }
}

/** Ends with the signal even if the sink does not hear it: one that hangs must not hold the loop. */
async function withDeadline(writing: Promise<void>, signal: AbortSignal): Promise<void> {
  writing.catch(() => {}) // looked at below, unless the signal was first
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([writing, promise])
  } finally {
    signal.removeEventListener('abort', abort)
    promise.catch(() => {})
  }
}

/** What a rejection says of each event. */
export function outcomeOf(error: unknown, events: readonly SpooledEvent[]): Outcome {
  if (!(error instanceof SinkError)) {
    return failedAll('unavailable', error instanceof Error ? error.message : String(error))
  }
  const { code, message, retryAfterMs, failures } = error
  if (failures) {
    const failed = new Map(failures.map((failure) => [failure.sequence, failure]))
    const dead = new Map(failures.filter(({ isFinal }) => isFinal).map(({ sequence, reason }) => [sequence, reason]))
    const delivered = sequencesOf(events.filter(({ sequence }) => !failed.has(sequence)))
    return delivered.size + dead.size === events.length
      ? { delivered, dead }
      : { delivered, dead, failure: failure(code, message, retryAfterMs) }
  }
  const [only] = events
  if (code === 'refused' && events.length === 1 && only) {
    return { delivered: new Set(), dead: new Map([[only.sequence, message]]) }
  }
  return failedAll(code, message, retryAfterMs)
}

function failedAll(code: SinkErrorCode, message: string, retryAfterMs?: number): Outcome {
  return { delivered: new Set(), dead: new Map(), failure: failure(code, message, retryAfterMs) }
}

function failure(code: SinkErrorCode, message: string, retryAfterMs?: number): NonNullable<Outcome['failure']> {
  return { code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

function sequencesOf(events: readonly SpooledEvent[]): ReadonlySet<number> {
  return new Set(events.map(({ sequence }) => sequence))
}
