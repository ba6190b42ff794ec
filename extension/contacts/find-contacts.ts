/**
 * Finds the contacts of a host or image: what the records of every source say, compared with the indicators.
 */
import { type Contact, Contacts } from '../domain/contact.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { Finding } from '../domain/finding.ts'
import type { Indicator } from '../domain/indicator.ts'
import type { Matcher } from '../domain/match.ts'
import type { OsqueryTables } from '../domain/osquery-tables.ts'
import { withPossibleTimes } from '../domain/record-time.ts'
import { lookScan, type Scan } from '../domain/scan.ts'
import { needlesOf } from '../gathering/needles.ts'
import { cutScans, PlacedReadings, type ReadingParts } from '../gathering/placed-readings.ts'
import type { WalkEntry } from '../native/engine.ts'
import type { Source, SourceReader } from '../sources/source.ts'
import type { Volume } from '../sweep/volume.ts'
import { liveContacts } from './live-contacts.ts'

/** What a search works with; a hunt's plan has it all. */
export interface ContactParts extends ReadingParts {
  readonly sources: readonly Source[]
  readonly indicators: readonly Indicator[]
  readonly matcher: Matcher
  /** Absent where no osquery runs. */
  readonly osquery?: OsqueryTables
  /** Where the process file system is; `/proc` unless told. */
  readonly proc?: string
  /** Where systemd-resolved listens; its usual socket unless told. */
  readonly resolved?: string
}

/** What a search found, and how complete it was. */
export interface ContactSearch {
  readonly contacts: readonly Contact[]
  /** One per volume and source that had files, and one per volume for the walk. */
  readonly scans: readonly Scan[]
}

/** Findings of one record, together. */
type RecordFindings = readonly Finding[]

/** Searches, and remembers what unchanged files said. */
export class ContactFinder {
  readonly #parts: ContactParts
  readonly #readings: PlacedReadings<SourceReader, Evidence, RecordFindings>

  constructor(parts: ContactParts) {
    this.#parts = parts
    this.#readings = new PlacedReadings(parts, {
      name: 'contacts',
      readers: parts.sources,
      needles: needlesOf(parts.indicators),
      kindOf: () => 'contacts',
      access: (reader) => reader,
      keep: (evidence, _file, _source, latest) => {
        const found = parts.matcher.match(withPossibleTimes(evidence, latest))
        return found.length === 0 ? undefined : found
      },
    })
  }

  /**
   * Searches the places of all volumes. With `since`, unix seconds, contacts whose last record is earlier may be left out.
   * Rejects with the signal's reason when aborted.
   */
  async find(signal: AbortSignal, since?: number): Promise<ContactSearch> {
    const contacts = new Contacts()
    const scans = await this.#readings.find((record) => contacts.add(record), signal, since)
    const live = await this.#look(contacts, signal)
    return { contacts: contacts.all(), scans: cutScans([...scans, ...live], contacts.dropped) }
  }

  /** Nothing is connected in an image. */
  async #look(contacts: Contacts, signal: AbortSignal): Promise<Scan[]> {
    const { volumes, matcher, clock, indicatorsVersion, osquery, proc, resolved } = this.#parts
    const volume = volumes.find(({ isImage }) => !isImage)
    if (!volume?.platform) return []
    const startedMs = clock.nowMs()
    const { platform, display: root } = volume
    const paths = { ...(proc !== undefined && { proc }), ...(resolved !== undefined && { resolved }) }
    const parts = { platform, ...(osquery && { osquery }), ...paths }
    const { evidence, errors } = await liveContacts(parts, signal)
    for (const one of evidence) contacts.add(matcher.match(one))
    const seen = evidence.length
    return [lookScan({ source: 'connections', root, startedMs, nowMs: clock.nowMs(), seen, errors, indicatorsVersion })]
  }

  /** Reads one file that somebody named, as the source of that name or the one that recognises it. */
  async named(
    volume: Volume,
    entry: WalkEntry,
    source: string | undefined,
    signal: AbortSignal,
  ): Promise<ContactSearch> {
    const { records, scan } = await this.#readings.named(volume, entry, source, signal)
    const contacts = new Contacts()
    for (const record of records) contacts.add(record)
    return { contacts: contacts.all(), scans: cutScans([scan], contacts.dropped) }
  }
}
