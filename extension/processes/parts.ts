/**
 * What a look at the running processes works with.
 */
import type { Artifact } from '../domain/artifact.ts'
import type { Indicator } from '../domain/indicator.ts'
import type { Matcher } from '../domain/match.ts'
import type { OsqueryTables } from '../domain/osquery-tables.ts'
import type { PathText } from '../domain/path-text.ts'
import type { Platform } from '../domain/platform.ts'
import type { ProcessBounds } from './bounds.ts'

/** What is known of a file that a process runs or has mapped. */
export type JudgedFile = Pick<Artifact, 'findings' | 'digests' | 'product'>

/**
 * Judges the file at a path of this machine as a hunt would: digests, structure, rules, version. Undefined when nothing
 * points at it. Called once per file and look; may take as long as reading the file takes, and must hear the signal.
 */
export type JudgeFile = (path: PathText, signal: AbortSignal) => Promise<JudgedFile | undefined>

/** Everything a look is made from. */
export interface ProcessParts {
  /** Of the machine this process runs on. */
  readonly platform: Platform
  readonly indicators: readonly Indicator[]
  readonly matcher: Matcher
  readonly judge: JudgeFile
  /** Name of a uid, where /proc gives only the number. */
  readonly owners: (uid: number) => string
  /** Absent where there is no osquery around this process. */
  readonly osquery?: OsqueryTables
  /** Where the process file system is mounted; `/proc` unless told. */
  readonly proc?: string
  readonly bounds?: Partial<ProcessBounds>
  /** This process, which is never looked at; its own id unless told. */
  readonly ownPid?: number
}
