/**
 * The contract of the sources: each reads one kind of record, and yields evidence.
 *
 * A source proposes and never compares: the needles it is given are a hint that lets it skip what cannot matter, and
 * `domain/match.ts` decides. One file or store that is damaged is a problem among the answers; the rest goes on. Nothing
 * is opened but through the reader, nothing is written, and every bound is the reader's or stands in the source.
 */
import type { Evidence } from '../domain/evidence.ts'
import type { PathText } from '../domain/path-text.ts'
import type { Platform } from '../domain/platform.ts'
import type { EventsBatch, EventsRequest } from '../native/events.ts'
import type { LinesBatch, LinesRequest } from '../native/lines.ts'

/** A file in one of the places of a source, or one that somebody named. */
export interface SourceFile {
  /** On this machine. */
  readonly path: PathText
  /** Last component of the path. */
  readonly name: string
  readonly size: number
  /** Unix seconds: the year of a log line that has none is taken from here. */
  readonly mtime: number
  readonly platform: Platform | undefined
  /** User in whose home it lies; empty elsewhere. */
  readonly user: string
}

/** How a source gets at bytes. Everything is bounded, and opened as safely as for a digest. */
export interface SourceReader {
  /** Up to `length` bytes at `offset`; fewer at the end. Rejects when the file cannot be read. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Lines that hold a needle, the first ones and headings. */
  lines(request: Pick<LinesRequest, 'headLines' | 'headingPrefix'>): AsyncIterable<LinesBatch>
  /** Events of a Windows event log; those that hold a needle, where the request asks for it. */
  events(request: Pick<EventsRequest, 'events'> & { readonly isSought: boolean }): AsyncIterable<EventsBatch>
  /** Whether any needle occurs in the file as it lies there, in any case. False costs one pass at memory speed. */
  mayHold(): Promise<boolean>
  /** A file beside this one (`-wal`, `-journal`), if it is there. */
  beside(name: string): Promise<(SourceReader & { readonly size: number }) | undefined>
}

/** What of a file could not be read. Codes are those of scan errors. */
export interface SourceProblem {
  readonly problem: { readonly code: string; readonly message: string }
}

/** What a source yields. */
export type SourceRecord = Evidence | SourceProblem

/** What is sought, lower case: every domain, address and path that an indicator has. */
export interface Needles {
  readonly texts: readonly string[]
  /** Whether a text holds one of them, in any case. May say yes too often, never no wrongly. */
  mayHold(text: string): boolean
}

/** What a source is about, for its page in the documentation. */
export interface SourceAbout {
  /** Who writes it and what it records. */
  readonly reads: string
  /** What it cannot see: encrypted names, private windows, rotation. */
  readonly blind: string
  readonly platforms: readonly Platform[]
}

/** One source. */
export interface Source {
  /** snake_case; the value of the column `source`. */
  readonly name: string
  readonly about: SourceAbout
  /** Endings of files beside one of its files that hold what is not in it yet: the log of a database. */
  readonly besides?: readonly string[]
  /** Whether a file is of this kind, by its name and first bytes (unpacked); for files that somebody named. */
  recognises(file: SourceFile, head: Uint8Array): boolean
  read(file: SourceFile, reader: SourceReader, needles: Needles, signal: AbortSignal): AsyncIterable<SourceRecord>
}
