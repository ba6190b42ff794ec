/**
 * Paths below a root as lists of raw names.
 *
 * Node takes names as bytes only in Buffers, and a name that is not UTF-8 is lost in any string of Node's. A path from
 * outside (a query's constraint, a cache) is checked here once: no component may climb (`..`) or end the path (NUL).
 */
import { type PathText, pathFromBytes, pathToBytes } from '../../domain/path-text.ts'
import { FileFailure } from './failure.ts'

const slash = 0x2f

/** Raw names from the root down; empty for the root itself. */
export type Parts = readonly Buffer[]

/** Splits a relative path. Throws a failure with code `io` for a path that must not be opened. */
export function partsOf(path: PathText, platform: NodeJS.Platform = process.platform): Parts {
  const bytes = rawPath(path)
  const parts: Buffer[] = []
  for (let start = 0; start <= bytes.length; ) {
    const next = bytes.indexOf(slash, start)
    const end = next < 0 ? bytes.length : next
    if (end > start) parts.push(checked(bytes.subarray(start, end), platform))
    start = end + 1
  }
  return parts
}

/** The text form of a relative path. */
export function pathOf(parts: Parts): PathText {
  return parts.map(pathFromBytes).join('/')
}

/** Text form to the bytes that system calls take. */
export function rawPath(path: PathText): Buffer {
  const bytes = pathToBytes(path)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** An absolute path as a text to compare by: `/` between components, none at the end. */
export function absoluteKey(root: Buffer, parts: Parts): string {
  const top = root.toString('latin1')
  const plain = process.platform === 'win32' ? top.replaceAll('\\', '/') : top
  return [plain.replace(/\/+$/, ''), ...parts.map((part) => part.toString('latin1'))].join('/')
}

function checked(name: Buffer, platform: NodeJS.Platform): Buffer {
  const text = name.toString('latin1')
  // On Windows a backslash would be a separator and a colon an alternate data stream.
  const isForbidden =
    text === '.' || text === '..' || text.includes('\0') || (platform === 'win32' && /[\\:]/.test(text))
  if (!isForbidden) return name
  throw new FileFailure('io', `path component ${JSON.stringify(pathFromBytes(name))} cannot be opened below a root`)
}
