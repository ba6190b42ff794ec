/**
 * The text of an `extensions.load`: what osquery reads in it, and how one line of ours comes and goes.
 *
 * osquery splits at line feeds, trims white space, skips blank lines and those that start with `#` or `;`, and takes
 * every other line as a path; there are no comments behind a path, no quotes and no byte-order mark. Everything here
 * works on one character per byte (latin1), because what is not ours must stay byte for byte. No file is touched.
 * https://osquery.readthedocs.io/en/stable/deployment/extensions/
 */

/** A line that names something to load. */
export interface LoadEntry {
  /** First line is 1. */
  readonly line: number
  /** The path as osquery sees it, decoded as UTF-8. */
  readonly path: string
}

/** What osquery reads in a load file. */
export interface LoadFileText {
  readonly entries: readonly LoadEntry[]
  /** Starts with the bytes ef bb bf. */
  readonly hasByteOrderMark: boolean
  readonly lineEnds: 'lf' | 'crlf' | 'mixed' | 'lone_cr'
}

/** Bytes one to one as characters. */
export function textOfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** The reverse of {@link textOfBytes}. */
export function bytesOfText(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

function decoded(text: string): string {
  return bytesOfText(text).toString('utf8')
}

function encoded(path: string): string {
  return Buffer.from(path, 'utf8').toString('latin1')
}

/** What boost::trim removes in the C locale. */
const trimmed = (line: string) => line.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '')

const mark = '\u00ef\u00bb\u00bf'

function pathIn(line: string): string | undefined {
  const text = trimmed(line)
  return text === '' || text.startsWith('#') || text.startsWith(';') ? undefined : decoded(text)
}

/** Reads a load file as osquery does. */
export function parseLoadFile(text: string): LoadFileText {
  const entries = text.split('\n').flatMap((line, at) => {
    const path = pathIn(line)
    return path === undefined ? [] : [{ line: at + 1, path }]
  })
  const crlf = text.split('\r\n').length - 1
  const lf = text.split('\n').length - 1
  const cr = text.split('\r').length - 1
  const lineEnds = cr > crlf ? 'lone_cr' : crlf === 0 ? 'lf' : crlf === lf ? 'crlf' : 'mixed'
  return { entries, hasByteOrderMark: text.startsWith(mark), lineEnds }
}

/** A changed text, and what changed in it. */
export interface LoadFileEdit {
  readonly text: string
  readonly removed: readonly string[]
  readonly isAdded: boolean
}

/**
 * The text with exactly one line for `path`. Lines for which `isReplaced` holds become that line (the first of them)
 * or go (the others). Appended without touching the end of the last line: a file that ended without a line feed still
 * does, so that {@link withoutEntries} gives back what was there.
 */
export function withEntry(text: string, path: string, isReplaced: (path: string) => boolean): LoadFileEdit {
  const lines = pieces(text)
  const own = lines.findIndex((line) => pathIn(line.body) === path)
  const isOld = (line: Piece) => {
    const found = pathIn(line.body)
    return found !== undefined && (found === path || isReplaced(found))
  }
  const keep = own >= 0 ? own : lines.findIndex(isOld)
  if (keep < 0) {
    // a lone CR at the end must not become half of an end that is taken away with the line
    const end = parseLoadFile(text).lineEnds === 'crlf' || text.endsWith('\r') ? '\r\n' : '\n'
    const isOpen = text !== '' && !text.endsWith('\n')
    return { text: text + (isOpen ? end + encoded(path) : encoded(path) + end), removed: [], isAdded: true }
  }
  const removed = lines.flatMap((line, at) => (isOld(line) && at !== own ? [pathIn(line.body) ?? ''] : []))
  const left = lines.flatMap((line, at) => {
    if (at === keep) return [own >= 0 ? line : { body: encoded(path), end: line.end }]
    return isOld(line) ? [] : [line]
  })
  return { text: joined(left), removed, isAdded: own < 0 }
}

/** The text without the lines for which `isRemoved` holds. */
export function withoutEntries(text: string, isRemoved: (path: string) => boolean): LoadFileEdit {
  const removed: string[] = []
  const left = pieces(text).filter((line) => {
    const path = pathIn(line.body)
    if (path === undefined || !isRemoved(path)) return true
    removed.push(path)
    return false
  })
  const isOpen = text !== '' && !text.endsWith('\n')
  const result = joined(left)
  // the last line had no end: neither has the one that is last now
  return { text: removed.length > 0 && isOpen ? result.replace(/\r?\n$/, '') : result, removed, isAdded: false }
}

interface Piece {
  readonly body: string
  readonly end: string
}

function pieces(text: string): Piece[] {
  return [...text.matchAll(/([^\n]*?)(\r?\n|$)/g)]
    .map((found) => ({ body: found[1] ?? '', end: found[2] ?? '' }))
    .filter((one) => one.body !== '' || one.end !== '')
}

function joined(lines: readonly Piece[]): string {
  return lines.map((line) => line.body + line.end).join('')
}
