/**
 * What a sink gets from around it in a test: events, secrets, and somebody who notes its warnings.
 */
import { crc32 } from 'node:zlib'
import { type Sink, type SinkContext, type SinkDefinition, SinkError } from '../../../daemon/sinks/sink.ts'
import type { ResultEvent, SpooledEvent } from '../../../extension/domain/result-event.ts'

/** A context whose secrets are of environment variables that exist only here. */
export interface TestContext extends SinkContext {
  readonly secrets: Map<string, string>
  readonly warnings: string[]
}

export function testContext(secrets: Readonly<Record<string, string>> = {}): TestContext {
  const known = new Map(Object.entries(secrets))
  const warnings: string[] = []
  return {
    name: 'under_test',
    host: 'host-1.example',
    version: '0.1.0',
    secrets: known,
    warnings,
    secret(reference) {
      const text = 'env' in reference ? known.get(reference.env) : undefined
      if (text === undefined) throw new SinkError('misconfigured', `no secret ${JSON.stringify(reference)}`)
      return text
    },
    warn(fields, message) {
      warnings.push(`${message} ${JSON.stringify(fields)}`)
    },
  }
}

/** Validates options as the configuration does, and opens. */
export function openSink<Options>(
  definition: SinkDefinition<Options>,
  options: Readonly<Record<string, unknown>>,
  context: SinkContext,
): Promise<Sink> {
  return definition.open(definition.options.parse(options), context)
}

/** An event of osquery's differential log. */
export function resultEvent(
  sequence: number,
  columns: Readonly<Record<string, string>> = {},
  more: Partial<ResultEvent> & { readonly action?: string } = {},
): SpooledEvent {
  const query = more.query ?? 'pack_threecx-hunt_artifacts'
  const unixTime = more.unixTime ?? 1_786_010_400
  const line = JSON.stringify({
    name: query,
    hostIdentifier: 'host-1.example',
    calendarTime: 'Thu Aug  6 10:00:00 2026 UTC',
    unixTime,
    epoch: 0,
    counter: sequence,
    numerics: false,
    decorations: { host_uuid: '4C4C4544-0042', hostname: 'host-1' },
    columns: { path: `/opt/3CX/app-${sequence}`, ...columns },
    action: more.action ?? 'added',
  })
  return spooled(sequence, { kind: 'result', query, unixTime, line, ...more })
}

/** A line of osquery's status log. */
export function statusEvent(sequence: number, severity = 1, message = 'a warning'): SpooledEvent {
  const unixTime = 1_786_010_401
  const line = JSON.stringify({
    hostIdentifier: 'host-1.example',
    unixTime,
    severity,
    filename: 'a.ts',
    line: 1,
    message,
  })
  return spooled(sequence, { kind: 'status', query: '', unixTime, line })
}

/** The same event with its place in the spool. */
export function spooled(sequence: number, { kind, query, unixTime, line }: ResultEvent): SpooledEvent {
  return { kind, query, unixTime, line, sequence, id: `5f0c-${sequence}`, checksum: crc32(line) }
}

/** What a write that has to fail failed with. */
export async function failureOf(write: Promise<void>): Promise<SinkError> {
  try {
    await write
  } catch (error) {
    if (error instanceof SinkError) return error
    throw new Error(`expected a SinkError, got ${String(error)}`, { cause: error })
  }
  throw new Error('expected the write to fail')
}

/** A signal of a test that nobody aborts. */
export function unhurried(): AbortSignal {
  return new AbortController().signal
}
