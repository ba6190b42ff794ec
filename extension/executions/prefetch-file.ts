/**
 * The format of Prefetch files: what Windows writes down ten seconds after each start of a program.
 *
 * Versions 17 (XP), 23 (Vista, 7), 26 (8), 30 and 31 (10, 11; packed). All state the program's name, its last start or
 * the last eight, how often it was started, and every file that was opened at the start, with their full paths below
 * the volume. Nothing here is trusted: sizes and offsets are checked, and what does not fit is left out.
 */
import { Bytes, utf16Text } from '../decoders/bytes.ts'
import { windowsTime } from './windows-time.ts'
import { xpressHuffman } from './xpress-huffman.ts'

/** What one file says. */
export interface Prefetch {
  readonly version: number
  /** Upper case, cut at 29 characters. */
  readonly program: string
  /** Of the path, in hex, as in the file's own name. */
  readonly hash: string
  /** Starts, the latest first, unix seconds. */
  readonly runs: readonly number[]
  readonly count: number | undefined
  /** Files opened at the start, in order. */
  readonly files: readonly string[]
}

/** Packed or not, a Prefetch file that Windows wrote has less. */
export const maxPrefetchBytes = 8 << 20
/** Windows keeps 1,024 files of a start. */
const maxFiles = 4096

const signature = 0x41434353 // SCCA
const packedMagic = 0x4d414d // MAM
const packedHuffman = 4
const hasChecksum = 0x80
const headerBytes = 84

interface Layout {
  /** Of the last start, and how many are kept. */
  readonly runs: number
  readonly runsKept: number
  readonly count: number
}

/** Whether a file begins as a Prefetch file does, packed or not. */
export function isPrefetch(head: Uint8Array): boolean {
  const bytes = new Bytes(head)
  return bytes.u32(4) === signature || ((bytes.u32(0) ?? 0) & 0xffffff) === packedMagic
}

/** The contents of a file; a problem in words for one that is none. */
export function readPrefetch(file: Uint8Array): Prefetch | { readonly problem: string } {
  const data = unpacked(file)
  if (!data) return { problem: 'the packed Prefetch file is damaged' }
  const bytes = new Bytes(data)
  const version = bytes.u32(0)
  if (version === undefined || bytes.u32(4) !== signature) return { problem: 'it has not the form of a Prefetch file' }
  const layout = layoutOf(version, bytes.u32(headerBytes))
  if (!layout) return { problem: `Prefetch version ${version} is not known; expected 17, 23, 26, 30 or 31` }
  const program = wide(bytes.slice(16, 60))
  if (program === '') return { problem: 'the Prefetch file names no program' }
  const runs = Array.from({ length: layout.runsKept }, (_, i) => windowsTime(bytes, layout.runs + 8 * i))
  return {
    version,
    program,
    hash: (bytes.u32(76) ?? 0).toString(16).padStart(8, '0').toUpperCase(),
    runs: runs.filter((time) => time !== undefined).sort((a, b) => b - a),
    count: bytes.u32(layout.count),
    files: filesOf(bytes),
  }
}

/** `MAM`, the algorithm, the size, a checksum where the upper bit says so, and the packed bytes. */
function unpacked(file: Uint8Array): Uint8Array | undefined {
  const bytes = new Bytes(file)
  const magic = bytes.u32(0) ?? 0
  if ((magic & 0xffffff) !== packedMagic) return file
  const kind = magic >>> 24
  const size = bytes.u32(4) ?? 0
  if ((kind & ~hasChecksum) !== packedHuffman || size > maxPrefetchBytes) return undefined
  return xpressHuffman(file.subarray(kind & hasChecksum ? 12 : 8), size)
}

/** Later builds of version 30 dropped eight bytes; the offset of what follows tells. */
function layoutOf(version: number, metrics: number | undefined): Layout | undefined {
  switch (version) {
    case 17:
      return { runs: 120, runsKept: 1, count: 144 }
    case 23:
      return { runs: 128, runsKept: 1, count: 152 }
    case 26:
      return { runs: 128, runsKept: 8, count: 208 }
    case 30:
    case 31:
      return { runs: 128, runsKept: 8, count: metrics === 304 ? 208 : 200 }
    default:
      return undefined
  }
}

function filesOf(bytes: Bytes): string[] {
  const [at = 0, length = 0] = [bytes.u32(100), bytes.u32(104)]
  // the last file of a damaged list is cut, and the others are there
  const names = bytes.slice(at, Math.min(length, Math.max(0, bytes.length - at)) & ~1)
  if (!names) return []
  return utf16Text(names, true)
    .split('\0')
    .filter((name) => name !== '')
    .slice(0, maxFiles)
}

function wide(field: Uint8Array | undefined): string {
  return field ? (utf16Text(field, true).split('\0')[0] ?? '') : ''
}
