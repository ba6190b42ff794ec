/**
 * The contract of the readers of executions: each reads one kind of record that a system keeps of programs it ran.
 *
 * A reader proposes and never judges: it yields every record it finds, and `domain/execution.ts` says which matter. It is
 * total over its bytes: damage ends in a problem among the answers or in fewer records, never in an exception, and a time
 * that cannot be one is left out. Nothing is opened but through the access it is given.
 */
import type { ExecutionRecord } from '../domain/execution.ts'
import type { Platform } from '../domain/platform.ts'
import type { RegistryAnswer, RegistryQuery } from '../native/registry.ts'
import type { Needles, SourceFile, SourceProblem, SourceReader } from '../sources/source.ts'

/** How a reader gets at bytes: as a source does, and at what only systems keep. */
export interface ExecutionAccess extends SourceReader {
  /** Keys of the file taken as a registry hive. */
  registry(queries: readonly RegistryQuery[]): Promise<RegistryAnswer>
  /** Name of an account of the examined system by its Windows security identifier or uid; empty when unknown. */
  account(id: string | number): string
}

/** What a record says beside its source and its file, which are the same for all of a file. */
export type FoundExecution = Omit<ExecutionRecord, 'source' | 'sourcePath'>

/** What a reader is about, for its documentation. */
export interface ExecutionAbout {
  /** Who writes the record, and when. */
  readonly reads: string
  /** What it cannot tell. */
  readonly blind: string
  readonly platforms: readonly Platform[]
}

/** One reader. */
export interface ExecutionReader {
  /** snake_case; the value of the column `source`. */
  readonly name: string
  readonly about: ExecutionAbout
  /** Whether a running system keeps its files locked, so that they can be read in an image only. */
  readonly imagesOnly?: boolean
  /** Endings of files beside one of its files that hold what is not in it yet: the log of a database. */
  readonly besides?: readonly string[]
  /** Further texts to search its files for: how sought ones stand there where they are not written as they are. */
  spell?(texts: readonly string[]): readonly string[]
  /** Whether a file is of this kind, by its name and first bytes; for files that somebody named. */
  recognises(file: SourceFile, head: Uint8Array): boolean
  /**
   * Needles are names of the programs that matter, lower case; a reader may leave out what holds none of them, and a
   * reader whose records are few need not look at them.
   */
  read(
    file: SourceFile,
    access: ExecutionAccess,
    needles: Needles,
    signal: AbortSignal,
  ): AsyncIterable<FoundExecution | SourceProblem>
}
