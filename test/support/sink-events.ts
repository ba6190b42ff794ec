/**
 * Events and surroundings for the tests of sinks.
 */
import { crc32 } from 'node:zlib'
import type { SinkContext } from '../../daemon/sinks/sink.ts'
import { SinkError } from '../../daemon/sinks/sink.ts'
import type { SpooledEvent } from '../../extension/domain/result-event.ts'

/** An event with a line of osquery's format, or with what is given. */
export function event(sequence: number, given: Partial<SpooledEvent> = {}): SpooledEvent {
  const query = given.query ?? 'pack_threecx-hunt_artifacts'
  const unixTime = given.unixTime ?? 1_680_080_400 + sequence
  const columns = { path: `/opt/3CX/file-${sequence}`, level: 'high', note: 'Größe ✓' }
  const line = given.line ?? JSON.stringify({ name: query, unixTime, action: 'added', columns })
  const checksum = crc32(line)
  return { kind: 'result', query, unixTime, sequence, id: `host-1-${sequence}`, ...given, line, checksum }
}

/** Events with the sequences `from` to `to`. */
export function events(from: number, to: number, given: Partial<SpooledEvent> = {}): SpooledEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) => event(from + index, given))
}

/** What a sink is told about its surroundings; secrets are given by name. */
export function sinkContext(secrets: Readonly<Record<string, string>> = {}): SinkContext & {
  readonly warnings: string[]
} {
  const warnings: string[] = []
  return {
    name: 'under-test',
    host: 'host-1.example',
    version: '1.2.3',
    warnings,
    warn: (_, message) => warnings.push(message),
    secret: (reference) => {
      const name = 'file' in reference ? reference.file : reference.env
      const found = secrets[name]
      if (found === undefined) throw new SinkError('misconfigured', `secret ${name} is not there`)
      return found
    },
  }
}

/** A signal that never aborts. */
export const never = new AbortController().signal

/** The `SinkError` that a write ends with; anything else fails the test. */
export async function failureOf(write: Promise<void>): Promise<SinkError> {
  const cause = await write.then(
    () => new Error('the write succeeded; it was expected to fail'),
    (thrown: unknown) => thrown,
  )
  if (cause instanceof SinkError) return cause
  throw cause
}
