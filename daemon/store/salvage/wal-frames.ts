/**
 * The write-ahead log as frames, for two questions: does SQLite take all of it that was committed, and which pages can
 * still be had from one that is damaged.
 *
 * SQLite stops at the first frame whose checksum is wrong and says nothing, so everything committed behind a flipped
 * bit would be lost. Checksums are chained, and each frame stores the sum up to itself: a frame behind a damaged one
 * proves itself by what its predecessor states. https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { pageSize } from '../store-file.ts'

const headerSize = 32
const frameHeaderSize = 24
const frameSize = frameHeaderSize + pageSize
/** Frames looked at together. */
const framesAtOnce = 256

/** One frame of the generation that is in force. */
export interface WalFrame {
  readonly page: number
  /** Where the page's bytes are in the file. */
  readonly offset: number
  /** Whether its checksum follows from what its predecessor states. */
  readonly isWhole: boolean
}

/** What a log holds, up to the last commit that it knows of. */
export interface WalContent {
  readonly frames: readonly WalFrame[]
  /** Whether SQLite would pass over something that was committed. */
  readonly isDamaged: boolean
}

interface Sum {
  readonly a: number
  readonly b: number
}

/** Reads the log; a missing or empty one has no frames. */
export function readWal(path: string): WalContent {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { frames: [], isDamaged: false }
    throw error
  }
  try {
    return readFrames(descriptor, fstatSync(descriptor).size)
  } finally {
    closeSync(descriptor)
  }
}

function readFrames(descriptor: number, size: number): WalContent {
  if (size < headerSize + frameHeaderSize) return { frames: [], isDamaged: false }
  const generation = statedGeneration(descriptor) ?? foundGeneration(descriptor, size)
  if (!generation) return { frames: [], isDamaged: false }
  const frames: WalFrame[] = []
  let isChained = generation.sum !== undefined
  let previous = generation.sum
  let isDamaged = !isChained
  /** Frames up to the last commit. */
  let committed = 0
  for (const [offset, frame] of framesOf(descriptor, size)) {
    const stated = { a: frame.readUInt32BE(16), b: frame.readUInt32BE(20) }
    const isOurs = frame.readUInt32BE(8) === generation.salt1 && frame.readUInt32BE(12) === generation.salt2
    if (!isOurs) {
      // The rest is of an older generation, unless this frame's own header is what was damaged.
      isChained = false
      previous = stated
      continue
    }
    const isWhole = previous !== undefined && equal(sumOf(frame, previous, generation.isBigEndian), stated)
    isChained &&= isWhole
    previous = stated
    frames.push({ page: frame.readUInt32BE(0), offset: offset + frameHeaderSize, isWhole })
    if (frame.readUInt32BE(4) === 0) continue
    committed = frames.length
    if (!isChained) isDamaged = true
  }
  return { frames: frames.slice(0, committed), isDamaged: isDamaged && committed > 0 }
}

/** What frames must share to be in force. */
interface Generation {
  readonly salt1: number
  readonly salt2: number
  readonly isBigEndian: boolean
  /** What the first frame's checksum follows from; undefined where the header is damaged. */
  readonly sum: Sum | undefined
}

/** From the header. */
function statedGeneration(descriptor: number): Generation | undefined {
  const header = Buffer.alloc(headerSize)
  readSync(descriptor, header, 0, headerSize, 0)
  const magic = header.readUInt32BE(0)
  const isBigEndian = magic === 0x377f0683
  const sum = { a: header.readUInt32BE(24), b: header.readUInt32BE(28) }
  const isWhole =
    (isBigEndian || magic === 0x377f0682) &&
    header.readUInt32BE(8) === pageSize &&
    equal(checksum(header.subarray(0, 24), { a: 0, b: 0 }, isBigEndian), sum)
  return isWhole ? { salt1: header.readUInt32BE(16), salt2: header.readUInt32BE(20), isBigEndian, sum } : undefined
}

/** From the first frame that follows from the one before it: the generation in force is at the beginning of the file. */
function foundGeneration(descriptor: number, size: number): Generation | undefined {
  let previous: Sum | undefined
  for (const [, frame] of framesOf(descriptor, size)) {
    const stated = { a: frame.readUInt32BE(16), b: frame.readUInt32BE(20) }
    for (const isBigEndian of [false, true]) {
      if (previous && equal(sumOf(frame, previous, isBigEndian), stated)) {
        return { salt1: frame.readUInt32BE(8), salt2: frame.readUInt32BE(12), isBigEndian, sum: undefined }
      }
    }
    previous = stated
  }
  return undefined
}

function* framesOf(descriptor: number, size: number): Generator<[number, Buffer]> {
  const buffer = Buffer.alloc(frameSize * framesAtOnce)
  for (let offset = headerSize; offset + frameSize <= size; ) {
    const got = readSync(descriptor, buffer, 0, buffer.length, offset)
    const whole = Math.floor(got / frameSize)
    if (whole === 0) return
    for (let at = 0; at < whole; at++)
      yield [offset + at * frameSize, buffer.subarray(at * frameSize, (at + 1) * frameSize)]
    offset += whole * frameSize
  }
}

function sumOf(frame: Buffer, previous: Sum, isBigEndian: boolean): Sum {
  return checksum(frame.subarray(frameHeaderSize), checksum(frame.subarray(0, 8), previous, isBigEndian), isBigEndian)
}

function checksum(bytes: Buffer, from: Sum, isBigEndian: boolean): Sum {
  let { a, b } = from
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + b) >>> 0
    b = (b + (isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + a) >>> 0
  }
  return { a, b }
}

function equal(one: Sum, other: Sum): boolean {
  return one.a === other.a && one.b === other.b
}
