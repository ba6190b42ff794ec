/**
 * A text log as a source: one line is one record, and a format is a function from a line to a contact.
 *
 * Lines come from the native search, so a format sees only those that may matter, and the headings it asks for.
 */
import type { SourceAbout } from './source.ts'

/** What one line says, as written; everything else is done once for all formats. */
export interface LoggedContact {
  /** Unix seconds UTC, a fraction where the log is that precise; absent when the line has none. */
  readonly time?: number
  /** Names that were asked for or connected to: `Pbxsources.com.`; never defanged ones. */
  readonly hosts?: readonly string[]
  /** Whole addresses: `https://host/path`. */
  readonly urls?: readonly string[]
  /** Addresses that were connected to or answered, not the client's own. */
  readonly ips?: readonly string[]
  readonly userAgent?: string
  /** The value of a Cookie header. */
  readonly cookie?: string
  readonly user?: string
  /** Who asked: address or name of the client. */
  readonly client?: string
  readonly process?: string
  readonly pid?: number
  /** How often the line stands for it; once unless told. */
  readonly count?: number
  /** It names the other side and does not say that anybody spoke with it, as a setting does. */
  readonly isOnlyNamed?: boolean
  /** What else is worth showing: status, bytes, query type. */
  readonly fields?: Readonly<Record<string, string | number>>
}

/** What is known when a line is read. */
export interface LogContext {
  /** Lines that came before it as headings, in order: `#fields`, a CSV heading. */
  readonly headings: readonly string[]
  /** Last change of the file, unix seconds: for times without a year. */
  readonly mtime: number
  readonly filename: string
}

/** One format. */
export interface LogFormat {
  /** snake_case; the value of the column `source`. */
  readonly name: string
  readonly about: SourceAbout
  /** First lines that come whatever is in them, for `recognises` and headings. */
  readonly headLines: number
  readonly headingPrefix?: string
  /** How a sought name stands in a line, where that is not as it is: `(10)pbxsources(3)com`. The native search needs it. */
  spelling?(name: string): string
  /** Whether a file is of this format, by some of its first lines. Formats are asked in their order; the first wins. */
  recognises(firstLines: readonly string[], filename: string): boolean
  /** What a line says; undefined when it is no record of this format, or no contact (a blocked query is one). */
  parse(line: string, context: LogContext): LoggedContact | undefined
}
