/**
 * Windows event logs as a source of contacts: the events that the native reader finds, each read as its provider means
 * it.
 */
import type { Evidence } from '../../domain/evidence.ts'
import type { EventRecord } from '../../native/events.ts'
import { observablesOf } from '../line-source.ts'
import type { LoggedContact } from '../log-format.ts'
import type { Source, SourceFile } from '../source.ts'
import { bitsClient } from './bits-client.ts'
import { dnsClient } from './dns-client.ts'
import { networkProtection } from './network-protection.ts'
import { sysmonNetwork } from './sysmon-network.ts'
import { windowsFilter } from './windows-filter.ts'

/** What events of one provider say. */
export interface ContactEvents {
  readonly provider: string
  readonly ids: readonly number[]
  /** Undefined where an event names nobody that was contacted. */
  say(event: EventRecord): LoggedContact | undefined
}

const all: readonly ContactEvents[] = [sysmonNetwork, dnsClient, bitsClient, networkProtection, windowsFilter]
const byProvider = new Map(all.map((one) => [one.provider.toLowerCase(), one]))

/** Of the values that are kept as proof. */
const maxRaw = 2048

/** First bytes of a log. */
export const eventLogMagic = 'ElfFile\0'

/** Whether a file is an event log, by its name and first bytes. */
export function isEventLog({ name }: Pick<SourceFile, 'name'>, head: Uint8Array): boolean {
  return /\.evtx$/i.test(name) && Buffer.from(head.subarray(0, 8)).toString('latin1') === eventLogMagic
}

/** The source. */
export const eventLog: Source = {
  name: 'windows_event_log',
  about: {
    reads:
      'Event logs of Windows (EVTX), also those in use: connections and queries of Sysmon (3, 22), queries of the DNS client ' +
      '(3008, 1014), downloads of BITS (3, 59, 60, 61, 16403), network protection of Defender (1125, 1126), and connections ' +
      'of the filtering platform (Security 5156, 5157), which name addresses only.',
    blind:
      'The DNS client logs only where its operational log was turned on, Sysmon only where it is installed. Older events ' +
      'are overwritten. On Windows itself, and without a Rust toolchain, the files are not read.',
    platforms: ['windows'],
  },
  recognises: isEventLog,
  async *read(file, reader, _needles, signal) {
    const events = all.map(({ provider, ids }) => ({ provider, ids }))
    for await (const batch of reader.events({ events, isSought: true })) {
      signal.throwIfAborted()
      for (const event of batch.events) {
        const said = byProvider.get(event.provider.toLowerCase())?.say(event)
        if (said) yield evidenceOf(file, event, said)
      }
      if (batch.problem) yield { problem: batch.problem }
    }
  },
}

function evidenceOf(file: SourceFile, event: EventRecord, said: LoggedContact): Evidence {
  const { time = event.time, user, client, process, pid, count, fields } = said
  const raw = JSON.stringify(event.data).slice(0, maxRaw)
  return {
    source: eventLog.name,
    path: file.path,
    offset: event.offset,
    record: `EventRecordID:${event.recordId}`,
    raw,
    time,
    observables: observablesOf(said),
    fields: { ...fields, provider: event.provider, event_id: event.eventId, computer: event.computer },
    ...(user !== undefined && user !== '' && { user }),
    ...(client !== undefined && { client }),
    ...(process !== undefined && { process }),
    ...(pid !== undefined && { pid }),
    ...(count !== undefined && { count }),
  }
}
