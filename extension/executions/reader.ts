/**
 * The contract of the readers of executions: each reads one kind of record that a system keeps of programs it ran.
 *
 * A reader proposes and never judges: it yields every record it finds, and `domain/execution.ts` says which matter. It is
 * total over its bytes: damage ends in a problem among the answers or in fewer records, never in an exception, and a time
 * that cannot be one is left out. Nothing is opened but through the access it is given.
 */
import type { ExecutionRecord } from '../domain/execution.ts'
import type { PathText } from '../domain/path-text.ts'
import type { Platform } from '../domain/platform.ts'
import type { LinesBatch } from '../native/lines.ts'
import type { RegistryAnswer, RegistryQuery } from '../native/registry.ts'

/** A file in one of the places of a reader. */
export interface ExecutionFile {
  /** On this machine. */
  readonly path: PathText
  readonly size: number
  readonly platform: Platform
  /** User in whose home it lies; empty elsewhere. */
  readonly user: string
}

/** How a reader gets at bytes. Everything is bounded, and opened as safely as for a digest. */
export interface ExecutionAccess {
  /** Up to `length` bytes at `offset`. Rejects when the file cannot be read. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Keys of the file taken as a registry hive. */
  registry(queries: readonly RegistryQuery[]): Promise<RegistryAnswer>
  /** Lines of the file, unpacked, that hold one of these texts in any case. */
  lines(patterns: readonly string[]): AsyncIterable<LinesBatch>
  /** Name of an account of the examined system by its Windows security identifier or uid; empty when unknown. */
  account(id: string | number): string
}

/** What could not be read. Codes are those of scan errors. */
export interface ExecutionProblem {
  readonly problem: { readonly code: string; readonly message: string }
}

/** What a record says beside its source and its file, which are the same for all of a file. */
export type FoundExecution = Omit<ExecutionRecord, 'source' | 'sourcePath'>

/** What a reader is about, for its documentation. */
export interface ExecutionAbout {
  /** Who writes the record, and when. */
  readonly reads: string
  /** What it cannot tell. */
  readonly blind: string
}

/** One reader. */
export interface ExecutionReader {
  /** snake_case; the value of the column `source`. */
  readonly name: string
  readonly about: ExecutionAbout
  /** Whether a running system keeps its files locked, so that they can be read in an image only. */
  readonly imagesOnly?: boolean
  read(file: ExecutionFile, access: ExecutionAccess): AsyncIterable<FoundExecution | ExecutionProblem>
}
