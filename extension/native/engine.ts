/**
 * The contract of the scanning engines: walk, digest, read, look into containers.
 *
 * Two engines satisfy it: the native module (Rust, own threads) and the portable one (TypeScript over node:fs). The
 * same table of cases runs against both, and a differential test compares them. An engine proposes: it selects by
 * name, size and magic and computes digests; it knows no indicator and gives no verdict.
 *
 * Values flow by pulling batches. Nothing is thrown for one bad file: it is an `EngineError` in the batch, with the
 * path and a reason, and the others go on. Only an unusable request (a root that does not exist) rejects.
 */
import type { DigestAlgorithm } from '../domain/observable.ts'
import type { PathText } from '../domain/path-text.ts'
import type { DigestRecords, EntriesRequest } from './digest-records.ts'
import type { EntryColumns } from './entry-columns.ts'
import type { EventsBatch, EventsRequest } from './events.ts'
import type { LinesBatch, LinesRequest } from './lines.ts'
import type { RegistryAnswer, RegistryQuery } from './registry.ts'

/** A file below a root: index into the plan's roots, and the relative path with `/` between components. */
export interface FileRef {
  readonly root: number
  readonly path: PathText
}

/** What identifies one state of one file. Two equal identities mean: not changed since. */
export interface FileIdentity {
  readonly dev: bigint
  readonly ino: bigint
  readonly size: number
  /** Nanoseconds since 1970. */
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
}

/** One regular file that a walk selected. */
export interface WalkEntry extends FileRef, FileIdentity {
  /** Index of every rule that selected it, ascending. */
  readonly rules: readonly number[]
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly nlink: number
  readonly atimeNs: bigint
  /** Birth time in nanoseconds, 0 where the file system has none. */
  readonly btimeNs: bigint
  /** Allocated 512-byte blocks: fewer than the size needs means a sparse file. */
  readonly blocks: number
  /** By which the plan's settled files know it; absent: it cannot be settled. Means nothing once they were saved. */
  readonly ticket?: number
}

/**
 * Files that an earlier pass had done with. A walk that is given them leaves out those that are still what and where
 * they were: same path, device, inode, size, mtime and ctime. They hold no digests, and nothing is said of them.
 */
export interface SettledFiles {
  /** Nothing about these entries, of a walk with these files, is worth another look while they stay as they are. */
  settle(entries: readonly Pick<WalkEntry, 'ticket'>[]): void
  /**
   * Keeps, durably and in one step, what the next pass may leave out: after a whole pass what was met or settled in it,
   * after a part of one everything that is known. False when that was kept already. Rejects when it cannot be written.
   */
  save(isWhole: boolean): Promise<boolean>
}

/** Why something was not examined. Permanent words: they are stored and shown. */
export const engineErrorCodes = [
  'denied', // no permission
  'vanished', // gone between listing and opening
  'changed', // replaced, or its size or times changed while it was read
  'not_regular', // no regular file (any more): a FIFO, device, socket, directory
  'symlink', // a symbolic link where a file or directory was expected; never followed
  'too_big', // above maxFileBytes
  'too_deep', // below maxDepth
  'too_many', // maxEntries reached: the walk was cut
  'other_filesystem', // a mount point that the plan does not cross
  'skipped', // in the plan's skip list
  'timeout', // took longer than fileTimeoutMs
  'io', // the system's own error, in message
] as const

/** One of the reasons. */
export type EngineErrorCode = (typeof engineErrorCodes)[number]

/** One thing that was not examined. */
export interface EngineError extends FileRef {
  readonly code: EngineErrorCode
  /** The system's message, one line. */
  readonly message: string
}

/** Selects regular files by relative path and size. Both must hold. */
export interface SelectRule {
  /** Pattern of domain/glob.ts over the path below the root. `**` alone selects everything. */
  readonly pattern: string
  readonly minSize?: number
  readonly maxSize?: number
}

/**
 * How gently a request works: for a sweep that nobody waits for. A paced request uses one thread of its own, which
 * ends with it, so that no other request is ever slowed. Where a single thread can have no priority (Node's threads in
 * the portable engine) only the share holds.
 */
export interface Pace {
  /** Whether the threads of the request take the lowest CPU and disk priority. */
  readonly idle: boolean
  /** Share of one core that all paced requests of the process use together: 0.1 is a tenth. */
  readonly cpuShare: number
  /** Bytes a second that all paced requests of the process read together, at least 65,536; absent: no bound. */
  readonly bytesPerSecond?: number
}

/** What to walk. */
export interface WalkPlan {
  /** Absolute directories, canonical (no symbolic link in them). A root that is a file is one entry, path ''. */
  readonly roots: readonly PathText[]
  readonly rules: readonly SelectRule[]
  /** Whether patterns ignore ASCII case. */
  readonly ignoreCase: boolean
  /** Absolute directories that are not entered; reported once as `skipped`. */
  readonly skip: readonly PathText[]
  /** `same`: stay on the root's file system. `local`: cross into local ones, not network, FUSE or kernel ones. */
  readonly mounts: 'same' | 'local' | 'all'
  /** Directory levels below a root, at most. */
  readonly maxDepth: number
  /** Directory entries seen in all, at most. */
  readonly maxEntries: number
  /** Absent: as fast as it goes. */
  readonly pace?: Pace
  /** Of the same engine. Absent: every selected file is handed over. */
  readonly settled?: SettledFiles
}

/** Totals of a walk so far. */
export interface WalkProgress {
  readonly directories: number
  /** Names read from directories. */
  readonly entries: number
  /** Regular files whose name or path could be ruled on (files among the entries). */
  readonly files: number
  readonly selected: number
  /** Selected files that were not handed over, because they are settled. */
  readonly settled: number
  /** Whether maxEntries or maxDepth cut the walk. */
  readonly truncated: boolean
}

/** One pull: entries in no particular order, errors, totals so far. */
export interface WalkBatch {
  readonly entries: readonly WalkEntry[]
  /** The same entries, for whoever makes no objects of them; absent where they have always been objects. */
  readonly columns?: EntryColumns
  readonly errors: readonly EngineError[]
  readonly progress: WalkProgress
}

/** Which digests a file gets, depending on its first bytes. The union over all matching classes is computed. */
export interface DigestClass {
  /** Hex prefixes of the head, any of which must match; absent: any head. */
  readonly magics?: readonly string[]
  readonly algorithms: readonly DigestAlgorithm[]
}

/** One file to digest. */
export interface DigestItem extends FileRef {
  /** Identity from the walk: a different one at opening is `changed`. Absent: whatever is found. */
  readonly expected?: FileIdentity
  /** Indexes into the request's classes. */
  readonly classes: readonly number[]
}

/** What to digest. */
export interface DigestRequest {
  readonly roots: readonly PathText[]
  readonly items: readonly DigestItem[]
  readonly classes: readonly DigestClass[]
  /** Larger files are `too_big`, never hashed in part. */
  readonly maxFileBytes: number
  /** A file that takes longer is `timeout`; time that the pace makes it rest does not count, and a
   * native thread at the lowest priority has eight times as long. */
  readonly fileTimeoutMs: number
  /** Absent: as fast as it goes. */
  readonly pace?: Pace
}

/** Digests of one file, or why there are none. Exactly one result per item, in the items' order. */
export type DigestResult = DigestedFile | { readonly error: EngineErrorCode; readonly message: string }

/** A file that was read. */
export interface DigestedFile {
  /** First bytes, at most `headLength` of domain/file-kind.ts. */
  readonly head: Uint8Array
  readonly identity: FileIdentity
  /** Lower-case hex; only what a matching class asked for. Empty when no class matched: then only the head was read. */
  readonly digests: Readonly<Partial<Record<DigestAlgorithm, string>>>
  /** Bytes read from the file. */
  readonly bytesRead: number
}

/** What to search for, and where. */
export interface SearchRequest {
  readonly roots: readonly PathText[]
  /** An identity from the walk: a different one at opening is `changed`. Absent: whatever is found. */
  readonly items: readonly (FileRef & { readonly expected?: FileIdentity })[]
  /** Byte strings of 4 to 64 bytes, compared exactly; at least 1, at most 256. */
  readonly patterns: readonly Uint8Array[]
  /** Larger files are `too_big`, never searched in part. */
  readonly maxFileBytes: number
  readonly fileTimeoutMs: number
  /** Absent: as fast as it goes. */
  readonly pace?: Pace
}

/** Indexes of the patterns that occur in a file, ascending; or why it was not searched. One per item, in order. */
export type SearchResult =
  | { readonly found: readonly number[] }
  | { readonly error: EngineErrorCode; readonly message: string }

/** What a container is. The order is that of the add-on's numbers. */
export const containerFormats = ['zip', 'msi', 'ole', 'cab', 'dmg'] as const

/** One of the formats: `zip` is also `.nupkg`, `ole` a compound file that is no installer. */
export type ContainerFormat = (typeof containerFormats)[number]

/** Members of a container whose bytes are wanted. Both must hold. */
export interface WantedMember {
  /** Pattern of domain/glob.ts over the member's path; case is ignored. */
  readonly pattern: string
  /** Hex prefixes of the head, lower case, any of which must match; absent: any head. */
  readonly magics?: readonly string[]
}

/** How to look into a container. The limits hold for all levels of nesting together. */
export interface ContentsRequest {
  /** Empty: paths and digests only. */
  readonly wanted: readonly WantedMember[]
  /** What takes longer is cut: `truncated`. Counted as `fileTimeoutMs` of a digest. */
  readonly fileTimeoutMs: number
  readonly limits?: {
    /** Members, 100,000 unless told. */
    readonly members?: number
    /** Bytes that all members unpack to, 1 GiB unless told. */
    readonly totalBytes?: number
    /** Bytes of one member, 512 MiB unless told: a longer one has no digest. */
    readonly memberBytes?: number
    /** Bytes of one wanted member, 32 MiB unless told: a longer one comes without its bytes. */
    readonly wantedBytes?: number
    /** Bytes of all wanted members, 128 MiB unless told. */
    readonly wantedTotalBytes?: number
  }
  /** Absent: as fast as it goes. */
  readonly pace?: Pace
}

/** One file in a container. */
export interface ContainerMember {
  /** Its path inside, below the path of the container it lies in: `app.cab/ffmpeg.dll`. Only ever a name. */
  readonly path: PathText
  /** Its size; of one that could not be read whole, what the container declares. */
  readonly size: number
  /** Absent: it could not be read whole; `problems` says why. */
  readonly sha256?: string
  /** First bytes, at most `headLength` of domain/file-kind.ts. */
  readonly head: Uint8Array
  /** Its content, where it was wanted and is within the limits; a view of one buffer that all members share. */
  readonly bytes?: Uint8Array
}

/** What is inside a container. */
export interface Contents {
  readonly format: ContainerFormat
  /** Those of nested containers follow the one they lie in. */
  readonly members: readonly ContainerMember[]
  /** Whether a limit or the time ended the reading: there may be more members. */
  readonly truncated: boolean
  /** What could not be read, one line each. */
  readonly problems: readonly string[]
}

/** A scanning engine. Its methods never block the event loop for longer than decoding one batch. */
export interface ScanEngine {
  readonly name: 'native' | 'portable'
  /** Walks, yielding at most 1024 entries a batch, at least one batch (the last carries the final totals). */
  walk(plan: WalkPlan, signal: AbortSignal): AsyncGenerator<WalkBatch, void, undefined>
  /**
   * Settled files kept in the file `path` for a scope of 64 hex digits, for one pass that begins now. None are known when
   * there is no file or it is of another scope. Rejects when it is damaged or unreadable. Undefined: this engine keeps
   * none, and hands over every file.
   */
  settled(path: string, scope: string, nowMs: number): Promise<SettledFiles | undefined>
  /** Digests up to 1024 items; rejects with the signal's reason when aborted. */
  digest(request: DigestRequest, signal: AbortSignal): Promise<readonly DigestResult[]>
  /** The same for up to 1024 entries of a walk, without an object for each; rejects likewise. */
  digestEntries(request: EntriesRequest, signal: AbortSignal): Promise<DigestRecords>
  /** Searches up to 1024 files for byte strings; rejects with the signal's reason when aborted. */
  search(request: SearchRequest, signal: AbortSignal): Promise<readonly SearchResult[]>
  /** Lists metadata of single files without walking (for `path = ...`): an entry with no rules, or an error. */
  stat(roots: readonly PathText[], files: readonly FileRef[]): Promise<readonly (WalkEntry | EngineError)[]>
  /**
   * Reads up to `length` bytes at `offset` of a regular file opened as safely as for a digest. Rejects with an error that
   * has an `EngineErrorCode` as its `code`; `timeout` when the system does not answer for a minute.
   */
  read(roots: readonly PathText[], file: FileRef, offset: number, length: number): Promise<Uint8Array>
  /**
   * Keys of a registry hive, opened as safely as for a digest; at most 10,000 keys of a hive of at most 512 MiB.
   * A file that is no hive, is damaged or too large is a problem in words; damaged parts of a hive that gives
   * something are left out. Rejects only with the signal's reason.
   */
  registry(
    roots: readonly PathText[],
    file: FileRef,
    queries: readonly RegistryQuery[],
    signal: AbortSignal,
  ): Promise<RegistryAnswer>
  /**
   * What is inside a zip archive, Windows installer, cabinet or disk image, opened as safely as for a digest. A file
   * that is none, or cannot be read or opened, is a problem in words. Rejects with the signal's reason when aborted.
   */
  contents(
    roots: readonly PathText[],
    file: FileRef,
    request: ContentsRequest,
    signal: AbortSignal,
  ): Promise<Contents | { readonly problem: string }>
  /**
   * Lines of a text file that hold one of many strings, opened as safely as for a digest, unpacked on the way. At least
   * one batch; the last carries the totals. A file that cannot be opened or read to its end is a problem in the last
   * batch, behind what came before. Rejects with the signal's reason, and for a request outside the bounds.
   */
  lines(
    roots: readonly PathText[],
    item: FileRef & { readonly expected?: FileIdentity },
    request: LinesRequest,
    signal: AbortSignal,
  ): AsyncGenerator<LinesBatch, void, undefined>
  /**
   * Chosen records of a Windows event log, opened as safely as for a digest. A file that cannot be opened or is none is
   * a problem in the only batch. Rejects with the signal's reason.
   */
  events(
    roots: readonly PathText[],
    item: FileRef & { readonly expected?: FileIdentity },
    request: EventsRequest,
    signal: AbortSignal,
  ): AsyncIterable<EventsBatch>
  /** Gives memory that past requests used back to the system, as far as that is possible; takes a millisecond or two. */
  release(): void
}
