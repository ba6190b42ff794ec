/**
 * Reads one file for a source, through an engine.
 */

import type { PathText } from '../domain/path-text.ts'
import type { FileIdentity, FileRef, ScanEngine } from '../native/engine.ts'
import type { LinesRequest } from '../native/lines.ts'
import type { Needles, SourceReader } from '../sources/source.ts'

/** Bounds of one file. */
export interface ReadLimits {
  readonly maxLineBytes: number
  readonly maxLines: number
  /** Of unpacked text. */
  readonly maxBytes: number
  readonly timeoutMs: number
}

/** A terabyte of text and five minutes; a line of a log has some hundred bytes. */
export const defaultReadLimits: ReadLimits = {
  maxLineBytes: 64 * 1024,
  maxLines: 1_000_000,
  maxBytes: 1024 ** 4,
  timeoutMs: 300_000,
}

/**
 * A packed file that becomes more than this many times as long, and longer than a log of half a gigabyte, is a bomb. Logs
 * that repeat themselves reach 20 to 100; packers made for it reach 1,000 (gzip) and 30,000 (zstd).
 */
const highestRatio = 400
const smallText = 512 << 20

/** What a reader is made with. */
export interface ReaderParts {
  readonly engine: ScanEngine
  readonly roots: readonly PathText[]
  readonly needles: Needles
  readonly limits: ReadLimits
  readonly signal: AbortSignal
}

/** A reader of one file; `expected` is its identity from the walk. */
export function fileReader(parts: ReaderParts, file: FileRef, expected: FileIdentity): SourceReader {
  const { engine, roots, needles, limits, signal } = parts
  const maxBytes = Math.min(limits.maxBytes, Math.max(smallText, expected.size * highestRatio))
  const bounded = { ...limits, maxBytes }
  const lines = (request: Pick<LinesRequest, 'headLines' | 'headingPrefix'>, bounds = bounded) =>
    engine.lines(roots, { ...file, expected }, { patterns: needles.texts, ...bounds, ...request }, signal)
  return {
    read: (offset, length) => engine.read(roots, file, offset, length),
    lines,
    events: ({ events, isSought }) => {
      const request = { events, patterns: isSought ? needles.texts : [], maxEvents: limits.maxLines }
      return engine.events(roots, { ...file, expected }, { ...request, timeoutMs: limits.timeoutMs }, signal)
    },
    mayHold: async () => {
      const once = { ...bounded, maxLines: 1, maxLineBytes: 512 }
      for await (const batch of lines({ headLines: 0 }, once)) {
        if (batch.lines.some(({ isFound }) => isFound)) return true
        if (batch.problem && batch.problem.code !== 'too_many') return true // a reader that opens it will say why
      }
      return false
    },
    beside: async (name) => {
      const ref = { root: file.root, path: `${file.path.slice(0, file.path.lastIndexOf('/') + 1)}${name}` }
      const [found] = await engine.stat(roots, [ref])
      return found && !('code' in found) ? { ...fileReader(parts, ref, found), size: found.size } : undefined
    },
  }
}
