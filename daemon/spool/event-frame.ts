/**
 * One event as bytes: what a chunk of the spool is a sequence of.
 *
 * A frame proves itself by two checksums and says its stream and sequence, so that it can be found in a file whose
 * tree is gone, and one damaged frame costs only itself. A frame of kind `lost` stands for sequences whose events were
 * lost to damage and have been counted. Numbers are little-endian:
 *
 *     0 magic u32    4 sum of head and query u32    8 sum of line u32    12 bytes of line u32
 *    16 sequence f64    24 unix time f64; first sequence where lost    32 stream, 8 bytes
 *    40 bytes of query u24    43 kind u8    44 query, line
 */
import { crc32 } from 'node:zlib'
import type { ResultEvent, ResultEventKind, SpooledEvent } from '../../extension/domain/result-event.ts'

const magic = 0xf5_43_58_33
const magicBytes = Buffer.from([0x33, 0x58, 0x43, 0xf5])
/** Bytes of a frame before query and line. */
export const headSize = 44
const kinds: readonly ResultEventKind[] = ['result', 'snapshot', 'status']
const lostKind = 255
const maxQueryBytes = 0xff_ff

/** Where a frame is, and what of it is known without making strings. */
export interface FrameView {
  readonly start: number
  readonly end: number
  /** Sequence of the event; the last one of a range that was lost. */
  readonly sequence: number
  /** The same, unless it stands for a range that was lost. */
  readonly first: number
  readonly isLost: boolean
  readonly lineBytes: number
  readonly unixTime: number
}

/** Bytes that a frame of this event takes at most. */
export function mostFrameBytes(event: ResultEvent): number {
  return headSize + 3 * (event.query.length + event.line.length)
}

/** Writes a frame and gives its end. The buffer has room for `mostFrameBytes`. */
export function writeFrame(
  buffer: Buffer,
  at: number,
  event: ResultEvent,
  sequence: number,
  stream: Uint8Array,
): number {
  const query = at + headSize
  const line = query + buffer.write(event.query, query)
  const end = line + buffer.write(event.line, line)
  if (line - query > maxQueryBytes) throw new RangeError(`the name of a query has ${line - query} bytes`)
  writeHead(buffer, at, { line, end, sequence, unixTime: event.unixTime, kind: kinds.indexOf(event.kind) }, stream)
  return end
}

/** A frame for a range of sequences whose events are lost. */
export function lostFrame(first: number, last: number, stream: Uint8Array): Buffer {
  const buffer = Buffer.alloc(headSize)
  writeHead(buffer, 0, { line: headSize, end: headSize, sequence: last, unixTime: first, kind: lostKind }, stream)
  return buffer
}

interface Head {
  readonly line: number
  readonly end: number
  readonly sequence: number
  readonly unixTime: number
  readonly kind: number
}

function writeHead(buffer: Buffer, at: number, head: Head, stream: Uint8Array): void {
  buffer.writeUInt32LE(magic, at)
  buffer.writeUInt32LE(crc32(buffer.subarray(head.line, head.end)), at + 8)
  buffer.writeUInt32LE(head.end - head.line, at + 12)
  buffer.writeDoubleLE(head.sequence, at + 16)
  buffer.writeDoubleLE(head.unixTime, at + 24)
  buffer.set(stream, at + 32)
  buffer.writeUIntLE(head.line - at - headSize, at + 40, 3)
  buffer[at + 43] = head.kind
  buffer.writeUInt32LE(crc32(buffer.subarray(at + 8, head.line)), at + 4)
}

/** The frame at a place; undefined when none that proves itself stands there whole. */
export function frameAt(buffer: Buffer, at: number): FrameView | undefined {
  if (at + headSize > buffer.length || buffer.readUInt32LE(at) !== magic) return undefined
  const line = at + headSize + buffer.readUIntLE(at + 40, 3)
  const lineBytes = buffer.readUInt32LE(at + 12)
  const end = line + lineBytes
  if (end > buffer.length || crc32(buffer.subarray(at + 8, line)) !== buffer.readUInt32LE(at + 4)) return undefined
  if (crc32(buffer.subarray(line, end)) !== buffer.readUInt32LE(at + 8)) return undefined
  const sequence = buffer.readDoubleLE(at + 16)
  const unixTime = buffer.readDoubleLE(at + 24)
  const isLost = buffer[at + 43] === lostKind
  return { start: at, end, sequence, first: isLost ? unixTime : sequence, isLost, lineBytes, unixTime }
}

/** All whole frames of a buffer in their places, whatever stands between them. */
export function* framesIn(buffer: Buffer): Generator<FrameView> {
  for (let at = 0; at >= 0; ) {
    const frame = frameAt(buffer, at)
    if (frame) {
      yield frame
      at = frame.end
    } else {
      at = buffer.indexOf(magicBytes, at + 1)
    }
  }
}

/** The event of a frame. */
export function eventOf(buffer: Buffer, { start, end, sequence, unixTime, lineBytes }: FrameView): SpooledEvent {
  const line = end - lineBytes
  return {
    kind: kinds[buffer[start + 43] ?? 0] ?? 'result',
    query: buffer.toString('utf8', start + headSize, line),
    unixTime,
    line: buffer.toString('utf8', line, end),
    sequence,
    id: `${buffer.toString('hex', start + 32, start + 40)}-${sequence}`,
    checksum: buffer.readUInt32LE(start + 8),
  }
}
