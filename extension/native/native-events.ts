/**
 * Records of a Windows event log through the add-on: the request laid out flat, batches pulled and decoded.
 *
 * binding/src/events.rs describes the layout; change both together.
 */
import { engineErrorCodes } from './engine.ts'
import type { EventRecord, EventsBatch, EventsProblem, EventsRequest } from './events.ts'
import { Fields } from './fields.ts'
import { type NativeBatches, pulled } from './pulled.ts'

/** The part of the add-on that this is about. */
export interface EventsAddon<Files> {
  readonly NativeEvents: new (data: EventsData<Files>) => NativeBatches
}

/** A request as the add-on takes it. */
interface EventsData<Files> {
  readonly files: Files
  readonly expected: BigInt64Array
  readonly expectedSizes: Float64Array
  readonly events: readonly { readonly provider: string; readonly ids: readonly number[] }[]
  readonly patterns: readonly string[]
  readonly maxEvents: number
  readonly timeoutMs: number
}

/** The codes of a problem by their numbers: those of a file's errors, and behind them one of content. */
const problems = [...engineErrorCodes, 'damaged'] as readonly string[] as readonly EventsProblem[]

/** Reads a log; `files` and `expectations` name it. */
export async function* nativeEvents<Files>(
  addon: EventsAddon<Files>,
  files: Files,
  expectations: { readonly expected: BigInt64Array; readonly expectedSizes: Float64Array },
  request: EventsRequest,
  signal: AbortSignal,
): AsyncGenerator<EventsBatch, void, undefined> {
  signal.throwIfAborted()
  const { events, patterns, maxEvents, timeoutMs } = request
  const native = new addon.NativeEvents({ files, ...expectations, events, patterns, maxEvents, timeoutMs })
  yield* pulled(native, decodeEvents, signal)
}

function decodeEvents(packed: Uint8Array): EventsBatch {
  const fields = new Fields(packed)
  fields.float() // no failure of a whole request: what cannot be opened is a problem
  const code = fields.float()
  const messageLength = fields.float()
  const jsonLength = fields.float()
  const message = fields.text(messageLength)
  const events = JSON.parse(`[${fields.text(jsonLength)}]`) as EventRecord[]
  return { events, ...(code >= 0 && { problem: { code: problems[code] ?? 'io', message } }) }
}
