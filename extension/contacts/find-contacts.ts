/**
 * Finds the contacts of a host or image: every source's files by one walk, each read once, what they say compared.
 *
 * A file that has not changed since the last search is not read again. What could not be read of a file is an error of
 * its source's scan record; the others go on.
 */

import { type Contact, Contacts } from '../domain/contact.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { Finding } from '../domain/finding.ts'
import type { Indicator } from '../domain/indicator.ts'
import type { Matcher } from '../domain/match.ts'
import type { PathText } from '../domain/path-text.ts'
import { lookScan, maxScanErrors, type Scan, type ScanError } from '../domain/scan.ts'
import type { SourcePlace } from '../domain/source-place.ts'
import type { FileIdentity, WalkEntry } from '../native/engine.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Needles, Source, SourceFile } from '../sources/source.ts'
import { findPlacedFiles, type PlacedParts, userOf } from '../sweep/placed-files.ts'
import { displayPath, type Volume } from '../sweep/volume.ts'
import { defaultReadLimits, fileReader, type ReadLimits } from './file-reader.ts'
import { needlesOf } from './needles.ts'

/** What a search works with; a hunt's plan has it all. */
export interface ContactParts extends PlacedParts {
  readonly volumes: readonly Volume[]
  readonly sourcePlaces: readonly SourcePlace[]
  readonly sources: readonly Source[]
  readonly indicators: readonly Indicator[]
  readonly matcher: Matcher
  readonly indicatorsVersion: string
  readonly clock: Clock
  readonly readLimits?: ReadLimits
}

/** What a search found, and how complete it was. */
export interface ContactSearch {
  readonly contacts: readonly Contact[]
  /** One per volume and source that had files, and one per volume for the walk. */
  readonly scans: readonly Scan[]
}

/** Findings of one record, together. */
type RecordFindings = readonly Finding[]

/** What one file gave. */
interface Read {
  readonly identity: FileIdentity
  readonly records: readonly RecordFindings[]
  readonly problems: readonly ScanError[]
}

/** Files read side by side: the engine has its own threads. */
const readAtOnce = 4
/** Records of one file that are kept; a log with more of them is told of as cut. */
const maxRecords = 100_000
/** Files whose findings are remembered. */
const maxRemembered = 100_000

/** Searches, and remembers what unchanged files said. */
export class ContactFinder {
  readonly #parts: ContactParts
  readonly #needles: Needles
  readonly #byName: ReadonlyMap<string, Source>
  #known = new Map<PathText, Read>()

  constructor(parts: ContactParts) {
    this.#parts = parts
    this.#needles = needlesOf(parts.indicators)
    this.#byName = new Map(parts.sources.map((source) => [source.name, source]))
  }

  /** Searches the places of all volumes. Rejects with the signal's reason when aborted. */
  async find(signal: AbortSignal): Promise<ContactSearch> {
    const contacts = new Contacts()
    const scans: Scan[] = []
    const known = new Map<PathText, Read>()
    try {
      for (const volume of this.#parts.volumes) scans.push(...(await this.#findOn(volume, contacts, known, signal)))
    } catch (cause) {
      this.#known = new Map([...this.#known, ...known]) // the next search goes on where this one was given up
      throw cause
    }
    this.#known = known
    return { contacts: contacts.all(), scans }
  }

  /** Reads one file that somebody named, as the source of that name or the one that recognises it. */
  async named(
    volume: Volume,
    entry: WalkEntry,
    source: string | undefined,
    signal: AbortSignal,
  ): Promise<ContactSearch> {
    const startedMs = this.#parts.clock.nowMs()
    const contacts = new Contacts()
    const file = sourceFile(volume, entry, userOf(entry.path))
    const chosen = source === undefined ? await this.#recognise(volume, entry, file) : this.#byName.get(source)
    if (!chosen) {
      const error = { path: file.path, code: 'unknown_format', message: 'no source recognises this file' }
      return { contacts: [], scans: [this.#scan(volume, source ?? 'auto', startedMs, 1, [error])] }
    }
    const read = await this.#read(volume, entry, file, chosen, signal)
    for (const record of read.records) contacts.add(record)
    const scan = this.#scan(volume, chosen.name, startedMs, 1, read.problems)
    return { contacts: contacts.all(), scans: [{ ...scan, scan: 'named' }] }
  }

  async #recognise(volume: Volume, entry: WalkEntry, file: SourceFile): Promise<Source | undefined> {
    const { engine, sources } = this.#parts
    const head = await engine.read([volume.canonical], entry, 0, 64 * 1024).catch(() => new Uint8Array())
    return sources.find((source) => source.name !== 'auto' && source.recognises(file, head)) ?? this.#byName.get('auto')
  }

  async #findOn(volume: Volume, contacts: Contacts, known: Map<PathText, Read>, signal: AbortSignal): Promise<Scan[]> {
    const startedMs = this.#parts.clock.nowMs()
    const places = this.#parts.sourcePlaces.filter(
      ({ platform, source }) =>
        (volume.platform === undefined || platform === volume.platform) && this.#byName.has(source),
    )
    const found = await findPlacedFiles(this.#parts, volume, places, signal)
    const bySource = Map.groupBy(found.files, ({ place }) => place.source)
    const scans = [
      { ...this.#scan(volume, 'contacts', startedMs, found.seen, found.errors), truncated: found.truncated },
    ]
    for (const [name, files] of bySource) {
      const source = this.#byName.get(name)
      if (!source) continue
      const begunMs = this.#parts.clock.nowMs()
      const problems: ScanError[] = []
      for (let at = 0; at < files.length; at += readAtOnce) {
        const some = files.slice(at, at + readAtOnce)
        const reads = await Promise.all(some.map(({ entry, user }) => this.#once(volume, entry, user, source, signal)))
        signal.throwIfAborted()
        for (const [index, read] of reads.entries()) {
          for (const record of read.records) contacts.add(record)
          problems.push(...read.problems)
          const path = some[index]?.entry.path
          if (path !== undefined && known.size < maxRemembered) known.set(`${volume.canonical}/${path}`, read)
        }
      }
      scans.push(this.#scan(volume, name, begunMs, files.length, problems))
    }
    return scans
  }

  /** What the file said last time, if it is the same file in the same state. */
  async #once(volume: Volume, entry: WalkEntry, user: string, source: Source, signal: AbortSignal): Promise<Read> {
    const known = this.#known.get(`${volume.canonical}/${entry.path}`)
    if (known && isSame(known.identity, entry)) return known
    return await this.#read(volume, entry, sourceFile(volume, entry, user), source, signal)
  }

  async #read(volume: Volume, entry: WalkEntry, file: SourceFile, source: Source, signal: AbortSignal): Promise<Read> {
    const { engine, matcher, readLimits = defaultReadLimits } = this.#parts
    const parts = { engine, roots: [volume.canonical], needles: this.#needles, limits: readLimits, signal }
    const ref = { root: 0, path: entry.path }
    const records: RecordFindings[] = []
    const problems: ScanError[] = []
    try {
      for await (const one of source.read(file, fileReader(parts, ref, entry), this.#needles, signal)) {
        if ('problem' in one) {
          if (problems.length < maxScanErrors) problems.push({ path: file.path, ...one.problem })
          continue
        }
        const found = matcher.match(one satisfies Evidence)
        if (found.length === 0) continue
        if (records.length >= maxRecords) {
          problems.push({ path: file.path, code: 'too_many', message: `more than ${maxRecords} records match` })
          break
        }
        records.push(found)
      }
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof TypeError) throw cause // a defect of ours is not a property of the host
      problems.push({ path: file.path, code: 'io', message: cause instanceof Error ? cause.message : String(cause) })
    }
    return { identity: entry, records, problems }
  }

  #scan(
    { display: root }: Volume,
    source: string,
    startedMs: number,
    seen: number,
    errors: readonly ScanError[],
  ): Scan {
    const { clock, indicatorsVersion } = this.#parts
    return lookScan({ source, root, startedMs, nowMs: clock.nowMs(), seen, errors, indicatorsVersion })
  }
}

function sourceFile(volume: Volume, entry: WalkEntry, user: string): SourceFile {
  return {
    path: displayPath(volume, entry.path),
    name: entry.path.slice(entry.path.lastIndexOf('/') + 1),
    size: entry.size,
    mtime: Number(entry.mtimeNs / 1_000_000_000n),
    platform: volume.platform,
    user,
  }
}

function isSame(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs
}
