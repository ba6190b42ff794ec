/**
 * Lines of text files through an engine: the few that hold one of many strings, out of gigabytes.
 *
 * A log is read once, as a stream, whatever its size: unpacked if it is packed (gzip, zstd, xz, bzip2, told by its
 * first bytes), brought to UTF-8 if it has the mark of UTF-16, searched without regard to ASCII case, and only the lines
 * that hold a string come back, with the place they have in the unpacked text. A packed file that is damaged gives what
 * came before the damage.
 */

/** How a file is packed. The order is that of the add-on's numbers. */
export const packings = ['none', 'gzip', 'zstd', 'xz', 'bzip2'] as const

/** One of them. */
export type Packing = (typeof packings)[number]

/** Bounds of a request; one outside them is a mistake of the caller and rejects. */
export const linesBounds = {
  patterns: 20_000,
  patternLength: { least: 3, most: 255 },
  lineBytes: { least: 512, most: 1 << 20 },
  headLines: 10_000,
} as const

/** What to look for in a text file. */
export interface LinesRequest {
  /** Printable ASCII, 3 to 255 bytes; at least 1, at most 20,000. A line that holds one in any case is found. */
  readonly patterns: readonly string[]
  /** The first lines of the file, which come back whatever is in them: formats have their headings there. */
  readonly headLines: number
  /** Lines that begin so come back, too, wherever they are: `#` for formats that repeat their headings. */
  readonly headingPrefix?: string
  /**
   * A longer line is cut to this many bytes around the string, beginning not earlier than its own start: half of them
   * before it. Strings of the line that no piece holds yet give further pieces. Of a first line or heading that is longer, the
   * first piece is its beginning. 512 to 1,048,576.
   */
  readonly maxLineBytes: number
  /** Found lines and headings, at most; the rest is not looked at and the answer says so. */
  readonly maxLines: number
  /** Bytes of unpacked text, at most: a bomb ends here, and the answer says so. */
  readonly maxBytes: number
  readonly timeoutMs: number
}

/** One line. */
export interface FoundLine {
  /** Byte offset of its first byte here (of the cut piece, when cut) in the unpacked file, before any recoding. */
  readonly offset: number
  /** Without its end (LF or CRLF), in the file's own bytes; UTF-8 where it was UTF-16. */
  readonly bytes: Uint8Array
  readonly isCut: boolean
  /** It holds a string; otherwise it is one of the first lines or a heading. */
  readonly isFound: boolean
}

/** Why a reading ended early: the words of a file's errors, and two of its own. */
export type LinesProblem =
  | 'too_many'
  | 'too_big'
  | 'timeout'
  | 'damaged'
  | 'changed'
  | 'io'
  | 'denied'
  | 'vanished'
  | 'not_regular'
  | 'symlink'
  | 'unsupported'

/** One pull, in the order of the file; the last one carries the totals. */
export interface LinesBatch {
  readonly lines: readonly FoundLine[]
  readonly packing: Packing
  /** Bytes of unpacked text so far. */
  readonly read: number
  /** Why the reading ended before the end of the file, in words; absent when it did not. */
  readonly problem?: { readonly code: LinesProblem; readonly message: string }
}

/** Throws for a request outside the bounds. */
export function checkLinesRequest({ patterns, headLines, headingPrefix = '', maxLineBytes }: LinesRequest): void {
  const { patternLength, lineBytes } = linesBounds
  if (patterns.length < 1 || patterns.length > linesBounds.patterns) {
    throw new RangeError(`${patterns.length} strings to look for; expected 1 to ${linesBounds.patterns}`)
  }
  const odd = patterns.find((one) => one.length < patternLength.least || one.length > patternLength.most)
  if (odd !== undefined) {
    throw new RangeError(
      `a string of ${odd.length} bytes to look for; expected ${patternLength.least} to ${patternLength.most}`,
    )
  }
  const strange = patterns.find((one) => !/^[\x20-\x7e]+$/.test(one))
  if (strange !== undefined) {
    throw new RangeError(`a string to look for is ${JSON.stringify(strange)}; expected printable ASCII`)
  }
  if (!(maxLineBytes >= lineBytes.least && maxLineBytes <= lineBytes.most)) {
    throw new RangeError(`maxLineBytes is ${maxLineBytes}; expected ${lineBytes.least} to ${lineBytes.most}`)
  }
  if (!(headLines >= 0 && headLines <= linesBounds.headLines)) {
    throw new RangeError(`headLines is ${headLines}; expected 0 to ${linesBounds.headLines}`)
  }
  if (!/^[\x20-\x7e]{0,64}$/.test(headingPrefix)) {
    throw new RangeError(
      `headingPrefix is ${JSON.stringify(headingPrefix)}; expected at most 64 bytes of printable ASCII`,
    )
  }
}
