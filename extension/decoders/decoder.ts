/**
 * The shape of a decoder: from the bytes of one file to what it hides.
 *
 * A decoder is a pure function of bytes and hints. It is total: any bytes give an examination, a refusal, or nothing,
 * in time linear in the bytes read and within the budget of the file; it never throws for what a file contains. What
 * it decodes stays inside: digests and fields leave. It knows no indicator and gives no verdict.
 */
import type { Examination } from '../domain/examination.ts'
import type { FileKind } from '../domain/file-kind.ts'
import type { PathText } from '../domain/path-text.ts'
import type { BoundedFile } from './bounded-file.ts'
import type { Refusal } from './refusal.ts'

/** What is known of a file before a decoder opens it. */
export interface FileHints {
  /** Base name as found. */
  readonly filename: string
  /** Path below the volume with `/` between components, or whatever path is known. */
  readonly path: PathText
  /** By the first bytes. */
  readonly kind: FileKind
  readonly size: number
}

/** Files by the end of their path, and by size. */
export interface FilePattern {
  /** Pattern of domain/glob.ts over the path below a root. */
  readonly pattern: string
  readonly maxSize?: number
}

/** One decoder. */
export interface Decoder {
  /** snake_case. */
  readonly name: string
  /** One sentence: what it finds, in which files. */
  readonly description: string
  /** Whether such a file could hold it. Cheap; says yes too often rather than too seldom. */
  wants(hints: FileHints): boolean
  /** What a sweep of everything selects for this decoder, beside what indicators select; absent: nothing more. */
  readonly files?: readonly FilePattern[]
  /**
   * Byte strings, lower-case hex, of which one must occur in the file for `decode` to find anything. A sweep searches
   * for them natively and opens only files that have one. Absent: every wanted file is opened.
   */
  readonly patterns?: readonly string[]
  /** Undefined: nothing of the kind is there. A refusal: it looks like it, and is damaged or beyond the bounds. */
  decode(file: BoundedFile, hints: FileHints): Promise<Examination | Refusal | undefined>
}

/** Checks the shape and gives it back. */
export function defineDecoder(decoder: Decoder): Decoder {
  return Object.freeze(decoder)
}
