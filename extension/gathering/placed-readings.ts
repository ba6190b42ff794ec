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
import { needlesOfTexts } from './needles.ts'

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
  /** Endings of files beside one of its files that hold what is not in it yet: the log of a database. */
  readonly besides?: readonly string[]
  /** Further texts to search its files for: how sought ones stand there where they are not written as they are. */
  spell?(texts: readonly string[]): readonly string[]
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
  /**
   * What is kept of a record; undefined for nothing. Must depend on nothing that changes while the file does not. No record
   * is later than `latest`, unix seconds, where that is known; a time that a record states behind it must not be kept.
   */
  keep(record: X, file: SourceFile, reader: string, latest: number | undefined): R | undefined
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
  readonly state: FileState
}

/** A file and those beside it that belong to it, as the file system describes them. */
interface FileState {
  readonly identities: readonly (FileIdentity | undefined)[]
  /** No record in it is later, unix seconds; undefined where the file system's times tell nothing. */
  readonly latest: number | undefined
}

/**
 * Seconds between a file's last change and a record that may yet be in it: logs write local times without saying so (14 hours
 * at most), a year is guessed with a day to spare, and clocks are corrected.
 */
const margin = 2 * 86_400

/** What is asked of a file. */
interface Ask<A, X> {
  readonly reader: PlaceReader<A, X>
  readonly since: number | undefined
  readonly signal: AbortSignal
}

/** Nanoseconds. */
const second = 1_000_000_000n
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
  /** What files are searched for, by reader; the engine keeps what it made of a list. */
  readonly #sought: ReadonlyMap<string, Needles>
  /** By reader and path. */
  #known = new Map<string, Known<R>>()

  constructor(parts: ReadingParts, reading: Reading<A, X, R>) {
    this.#parts = parts
    this.#reading = reading
    this.#byName = new Map(reading.readers.map((reader) => [reader.name, reader]))
    const { needles } = reading
    const spelt = (reader: PlaceReader<A, X>) =>
      reader.spell ? needlesOfTexts([...needles.texts, ...reader.spell(needles.texts)]) : needles
    this.#sought = new Map(reading.readers.map((reader) => [reader.name, spelt(reader)]))
  }

  /**
   * Reads the places of all volumes and hands over every record that is kept. One scan record per volume and source
   * that had files, and one per volume for the walk. With `since`, unix seconds, files in which nothing can be as late may be
   * left out, each as a whole. Rejects with the signal's reason when aborted.
   */
  async find(add: (record: R) => unknown, signal: AbortSignal, since?: number): Promise<Scan[]> {
    const scans: Scan[] = []
    const known = new Map<string, Known<R>>()
    try {
      for (const volume of this.#parts.volumes) scans.push(...(await this.#findOn(volume, add, known, signal, since)))
    } catch (cause) {
      this.#known = new Map([...this.#known, ...known]) // the next search goes on where this one was given up
      throw cause
    }
    this.#known = since === undefined ? known : new Map([...this.#known, ...known])
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
    const state = await this.#stateOf(volume, entry, chosen)
    const { records, problems } = await this.#read(volume, entry, file.user, chosen, state, signal)
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
    { latest }: FileState,
    signal: AbortSignal,
  ): Promise<FileReading<R>> {
    const { engine, readLimits = defaultReadLimits } = this.#parts
    const { needles, access, keep } = this.#reading
    const file = sourceFile(volume, entry, user)
    const sought = this.#sought.get(reader.name) ?? needles
    const parts = { engine, roots: [volume.canonical], needles: sought, limits: readLimits, signal }
    const bytes = access(fileReader(parts, { root: 0, path: entry.path }, entry), volume, entry, signal)
    const records: R[] = []
    const problems: ScanError[] = []
    try {
      for await (const one of reader.read(file, bytes, needles, signal)) {
        if (isProblem(one)) {
          if (problems.length < maxScanErrors) problems.push({ path: file.path, ...one.problem })
          continue
        }
        const kept = keep(one, file, reader.name, latest)
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
    since: number | undefined,
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
      let read = 0
      for (let at = 0; at < files.length; at += readAtOnce) {
        const some = files.slice(at, at + readAtOnce)
        const ask = { reader, since, signal }
        const reads = await Promise.all(some.map(({ entry, user }) => this.#once(volume, entry, user, ask)))
        signal.throwIfAborted()
        for (const [index, one] of reads.entries()) {
          if (one === undefined) continue
          read++
          for (const record of one.records) add(record)
          problems.push(...one.problems)
          const path = some[index]?.entry.path
          if (path !== undefined && known.size < maxRemembered) known.set(keyOf(reader, volume, path), one)
        }
      }
      scans.push(this.#scan(volume, name, begunMs, read, problems, this.#reading.name))
    }
    return scans
  }

  #isReadOn(source: string, { isImage }: Volume): boolean {
    const reader = this.#byName.get(source)
    return reader !== undefined && (isImage || !reader.imagesOnly)
  }

  /** What the file said last time, if it is in the same state; undefined where nothing in it can be as late as is asked. */
  async #once(
    volume: Volume,
    entry: WalkEntry,
    user: string,
    { reader, since, signal }: Ask<A, X>,
  ): Promise<Known<R> | undefined> {
    const state = await this.#stateOf(volume, entry, reader)
    const known = this.#known.get(keyOf(reader, volume, entry.path))
    if (known && isSame(known.state, state)) return known
    if (since !== undefined && state.latest !== undefined && state.latest < since) return undefined
    return { state, ...(await this.#read(volume, entry, user, reader, state, signal)) }
  }

  /**
   * The state of a file and of those beside it. Times of a copy say when it was made, and Windows writes those of open files
   * late; elsewhere the time of change of an inode is set by the system alone.
   */
  async #stateOf(volume: Volume, entry: WalkEntry, { besides = [] }: PlaceReader<A, X>): Promise<FileState> {
    const refs = besides.map((ending) => ({ root: 0, path: `${entry.path}${ending}` }))
    const found = refs.length === 0 ? [] : await this.#parts.engine.stat([volume.canonical], refs)
    const identities = [entry, ...found.map((one) => ('code' in one ? undefined : one))]
    const isTold = !volume.isImage && (volume.platform === 'linux' || volume.platform === 'darwin')
    const changes = identities.flatMap((one) =>
      one ? [Number(one.mtimeNs / second), Number(one.ctimeNs / second)] : [],
    )
    return { identities, latest: isTold ? Math.max(...changes) + margin : undefined }
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
    mtime: Number(entry.mtimeNs / second),
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

function isSame(a: FileState, b: FileState): boolean {
  return (
    a.identities.length === b.identities.length && a.identities.every((one, at) => isSameFile(one, b.identities[at]))
  )
}

function isSameFile(a: FileIdentity | undefined, b: FileIdentity | undefined): boolean {
  if (!a || !b) return a === b
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs
}
