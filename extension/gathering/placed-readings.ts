/**
 * Reads the files in the places of sources: one walk finds them, each is read once, and what it said is remembered for
 * as long as it does not change.
 *
 * What a record says is the source's, whether it is kept is the caller's. What could not be read of a file is an error
 * of its source's scan record; the others go on.
 */
import type { PathText } from '../domain/path-text.ts'
import { lookScan, maxScanErrors, type Scan, type ScanError } from '../domain/scan.ts'
import type { SourcePlace } from '../domain/source-place.ts'
import type { FileIdentity, WalkEntry } from '../native/engine.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Needles, SourceFile, SourceProblem, SourceReader } from '../sources/source.ts'
import { findPlacedFiles, type PlacedParts, userOf } from '../sweep/placed-files.ts'
import { displayPath, type Volume } from '../sweep/volume.ts'
import { defaultReadLimits, fileReader, type ReadLimits } from './file-reader.ts'

/** What a search works with; a hunt's plan has it all. */
export interface ReadingParts extends PlacedParts {
  readonly volumes: readonly Volume[]
  readonly sourcePlaces: readonly SourcePlace[]
  readonly indicatorsVersion: string
  readonly clock: Clock
  readonly readLimits?: ReadLimits
}

/** A reader of one kind of file. `A` is what it gets at bytes with, `X` a record. */
export interface PlaceReader<A, X> {
  readonly name: string
  /** Whether a running system keeps its files locked, so that its places count in an image only. */
  readonly imagesOnly?: boolean
  /** Whether a file is of this kind, by its name and first bytes. */
  recognises(file: SourceFile, head: Uint8Array): boolean
  read(file: SourceFile, access: A, needles: Needles, signal: AbortSignal): AsyncIterable<X | SourceProblem>
}

/** What is read, and what of it is kept. */
export interface Reading<A, X, R> {
  /** Name of the scan record of the walk. */
  readonly name: string
  readonly readers: readonly PlaceReader<A, X>[]
  readonly needles: Needles
  /** What a file is read for once: the first place of each kind that it is in counts. */
  kindOf(place: SourcePlace): string
  access(reader: SourceReader, volume: Volume, entry: WalkEntry, signal: AbortSignal): A
  /** What is kept of a record; undefined for nothing. Must depend on nothing that changes while the file does not. */
  keep(record: X, file: SourceFile, reader: string): R | undefined
}

/** What a file gave that somebody named. */
export interface NamedReading<R> {
  readonly records: readonly R[]
  readonly scan: Scan
}

/** What one file gave. */
interface FileReading<R> {
  readonly records: readonly R[]
  readonly problems: readonly ScanError[]
}

interface Known<R> extends FileReading<R> {
  readonly identity: FileIdentity
}

/** Files read side by side: the engine has its own threads. */
const readAtOnce = 4
/** Records of one file that are kept; a file with more of them is told of as cut. */
const maxRecords = 100_000
/** First bytes that a file is recognised by. */
const headBytes = 64 * 1024
/** Files whose records are remembered. */
const maxRemembered = 100_000

/** Reads, and remembers what unchanged files said. */
export class PlacedReadings<A, X, R> {
  readonly #parts: ReadingParts
  readonly #reading: Reading<A, X, R>
  readonly #byName: ReadonlyMap<string, PlaceReader<A, X>>
  /** By reader and path. */
  #known = new Map<string, Known<R>>()

  constructor(parts: ReadingParts, reading: Reading<A, X, R>) {
    this.#parts = parts
    this.#reading = reading
    this.#byName = new Map(reading.readers.map((reader) => [reader.name, reader]))
  }

  /**
   * Reads the places of all volumes and hands over every record that is kept. One scan record per volume and source
   * that had files, and one per volume for the walk. Rejects with the signal's reason when aborted.
   */
  async find(add: (record: R) => unknown, signal: AbortSignal): Promise<Scan[]> {
    const scans: Scan[] = []
    const known = new Map<string, Known<R>>()
    try {
      for (const volume of this.#parts.volumes) scans.push(...(await this.#findOn(volume, add, known, signal)))
    } catch (cause) {
      this.#known = new Map([...this.#known, ...known]) // the next search goes on where this one was given up
      throw cause
    }
    this.#known = known
    return scans
  }

  /** Reads one file that somebody named, as the reader of that name or the one that recognises it. */
  async named(
    volume: Volume,
    entry: WalkEntry,
    reader: string | undefined,
    signal: AbortSignal,
  ): Promise<NamedReading<R>> {
    const startedMs = this.#parts.clock.nowMs()
    const file = sourceFile(volume, entry, userOf(entry.path))
    const name = reader ?? (await this.#recognise(volume, entry, file))
    const chosen = this.#byName.get(name)
    if (!chosen) {
      const error = { path: file.path, code: 'unknown_format', message: 'no source recognises this file' }
      return { records: [], scan: this.#scan(volume, name, startedMs, 1, [error], 'named') }
    }
    const { records, problems } = await this.#read(volume, entry, file.user, chosen, signal)
    return { records, scan: this.#scan(volume, name, startedMs, 1, problems, 'named') }
  }

  async #recognise(volume: Volume, entry: WalkEntry, file: SourceFile): Promise<string> {
    const head = await this.#parts.engine.read([volume.canonical], entry, 0, headBytes).catch(() => new Uint8Array())
    return this.#reading.readers.find((one) => one.name !== 'auto' && one.recognises(file, head))?.name ?? 'auto'
  }

  async #read(
    volume: Volume,
    entry: WalkEntry,
    user: string,
    reader: PlaceReader<A, X>,
    signal: AbortSignal,
  ): Promise<FileReading<R>> {
    const { engine, readLimits = defaultReadLimits } = this.#parts
    const { needles, access, keep } = this.#reading
    const file = sourceFile(volume, entry, user)
    const parts = { engine, roots: [volume.canonical], needles, limits: readLimits, signal }
    const bytes = access(fileReader(parts, { root: 0, path: entry.path }, entry), volume, entry, signal)
    const records: R[] = []
    const problems: ScanError[] = []
    try {
      for await (const one of reader.read(file, bytes, needles, signal)) {
        if (isProblem(one)) {
          if (problems.length < maxScanErrors) problems.push({ path: file.path, ...one.problem })
          continue
        }
        const kept = keep(one, file, reader.name)
        if (kept === undefined) continue
        if (records.length >= maxRecords) {
          problems.push({ path: file.path, code: 'too_many', message: `more than ${maxRecords} records match` })
          break
        }
        records.push(kept)
      }
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof TypeError) throw cause // a defect of ours is not a property of the host
      problems.push({ path: file.path, code: 'io', message: cause instanceof Error ? cause.message : String(cause) })
    }
    return { records, problems }
  }

  async #findOn(
    volume: Volume,
    add: (record: R) => unknown,
    known: Map<string, Known<R>>,
    signal: AbortSignal,
  ): Promise<Scan[]> {
    const startedMs = this.#parts.clock.nowMs()
    const places = this.#parts.sourcePlaces.filter(
      ({ platform, source }) =>
        (volume.platform === undefined || platform === volume.platform) && this.#isReadOn(source, volume),
    )
    const found = await findPlacedFiles(this.#parts, volume, places, signal, this.#reading.kindOf)
    const walked = this.#scan(volume, this.#reading.name, startedMs, found.seen, found.errors)
    const scans = [{ ...walked, truncated: found.truncated }]
    for (const [name, files] of Map.groupBy(found.files, ({ place }) => place.source)) {
      const reader = this.#byName.get(name)
      if (!reader) continue
      const begunMs = this.#parts.clock.nowMs()
      const problems: ScanError[] = []
      for (let at = 0; at < files.length; at += readAtOnce) {
        const some = files.slice(at, at + readAtOnce)
        const reads = await Promise.all(some.map(({ entry, user }) => this.#once(volume, entry, user, reader, signal)))
        signal.throwIfAborted()
        for (const [index, read] of reads.entries()) {
          for (const record of read.records) add(record)
          problems.push(...read.problems)
          const path = some[index]?.entry.path
          if (path !== undefined && known.size < maxRemembered) known.set(keyOf(reader, volume, path), read)
        }
      }
      scans.push(this.#scan(volume, name, begunMs, files.length, problems, this.#reading.name))
    }
    return scans
  }

  #isReadOn(source: string, { isImage }: Volume): boolean {
    const reader = this.#byName.get(source)
    return reader !== undefined && (isImage || !reader.imagesOnly)
  }

  /** What the file said last time, if it is the same file in the same state. */
  async #once(
    volume: Volume,
    entry: WalkEntry,
    user: string,
    reader: PlaceReader<A, X>,
    signal: AbortSignal,
  ): Promise<Known<R>> {
    const known = this.#known.get(keyOf(reader, volume, entry.path))
    if (known && isSame(known.identity, entry)) return known
    return { identity: entry, ...(await this.#read(volume, entry, user, reader, signal)) }
  }

  #scan(
    { display: root }: Volume,
    source: string,
    startedMs: number,
    seen: number,
    errors: readonly ScanError[],
    scan: Scan['scan'] = 'places',
  ): Scan {
    const { clock, indicatorsVersion } = this.#parts
    return { ...lookScan({ source, root, startedMs, nowMs: clock.nowMs(), seen, errors, indicatorsVersion }), scan }
  }
}

/** The records of a search that found more than is kept: the first of them says so. */
export function cutScans(scans: readonly Scan[], dropped: number): readonly Scan[] {
  return dropped === 0 ? scans : scans.map((one, at) => (at === 0 ? { ...one, truncated: true } : one))
}

/** The file as sources know it. */
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

function keyOf({ name }: { readonly name: string }, { canonical }: Volume, path: PathText): string {
  return `${name}:${canonical}/${path}`
}

function isProblem<X>(one: X | SourceProblem): one is SourceProblem {
  return typeof one === 'object' && one !== null && 'problem' in one
}

function isSame(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs
}
