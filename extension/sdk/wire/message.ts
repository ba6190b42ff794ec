/**
 * Where a message ends: TBinaryProtocol has no frame, so the only way to know is to walk the structure.
 *
 * The walk goes on where it stopped when more bytes arrive: each byte is looked at once, however it was cut up. What a
 * sender claims is checked before anything is done with it: sizes against the limit, depth, types, the version word.
 * The older form without a version word is read too, as osquery reads it.
 * Thrift's specification: https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
 */
import { WireError } from './refusal.ts'

/** Kinds of messages. */
export const messageTypes = { call: 1, reply: 2, exception: 3, oneway: 4 } as const

/** A complete message. */
export interface Message {
  readonly method: string
  /** One of `messageTypes`, or what the sender wrote. */
  readonly type: number
  readonly seqid: number
  /** The structure after the header. */
  readonly body: Buffer
  /** Bytes of header and body together. */
  readonly length: number
}

const version1 = 0x8001
const maxDepth = 32
const maxMethodBytes = 256

/** Types of the protocol by number; size in bytes where it is fixed. */
const fixedSizes: Readonly<Record<number, number>> = { 2: 1, 3: 1, 4: 8, 6: 2, 8: 4, 10: 8, 16: 16 }
const stringType = 11
const structType = 12
const mapType = 13
const setType = 14
const listType = 15

/** An open structure or container; `left` counts values still to come, and is unused for structures. */
interface Level {
  readonly types: readonly number[]
  left: number
}

/** What a message begins with; `end` is where its body does. */
export interface Header {
  readonly method: string
  readonly type: number
  readonly seqid: number
  readonly end: number
}

/** Finds the end of one message. */
export class MessageScan {
  readonly #maxBytes: number
  readonly #levels: Level[] = []
  #header: Header | undefined
  #at = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The message at the start of `bytes`, or undefined while it is incomplete. Earlier bytes must be given again. */
  find(bytes: Buffer): Message | undefined {
    const header = this.#header ?? this.#begin(bytes)
    if (header === undefined || !this.#walk(bytes)) {
      if (bytes.length >= this.#maxBytes) throw new WireError(`a message is longer than ${this.#maxBytes} bytes`)
      return undefined
    }
    const { method, type, seqid, end } = header
    return { method, type, seqid, body: bytes.subarray(end, this.#at), length: this.#at }
  }

  #begin(bytes: Buffer): Header | undefined {
    const header = readHeader(bytes)
    if (header === undefined) return undefined
    this.#header = header
    this.#at = header.end
    this.#levels.push({ types: [], left: 0 })
    return header
  }

  /** Walks as far as the bytes go; true at the end of the outermost structure. */
  #walk(bytes: Buffer): boolean {
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      const isContainer = level.types.length > 0
      if (isContainer && level.left === 0) {
        this.#levels.pop()
        continue
      }
      const moved = isContainer ? this.#value(bytes, level) : this.#field(bytes)
      if (!moved) return false
    }
    return true
  }

  #field(bytes: Buffer): boolean {
    const type = bytes[this.#at]
    if (type === undefined) return false
    if (type === 0) {
      this.#at++
      this.#levels.pop()
      return true
    }
    const value = this.#at + 3
    if (bytes.length < value) return false
    return this.#skip(bytes, type, value)
  }

  #value(bytes: Buffer, level: Level): boolean {
    const type = level.types[level.left % level.types.length] ?? 0
    if (!this.#skip(bytes, type, this.#at)) return false
    level.left--
    return true
  }

  /** Passes a value at `at`, or enters it. False, and nothing moved, when its size is not there yet. */
  #skip(bytes: Buffer, type: number, at: number): boolean {
    const fixed = fixedSizes[type]
    if (fixed !== undefined) return this.#pass(bytes, at + fixed)
    if (type === structType) return this.#enter(at, { types: [], left: 0 })
    const sizeAt = at + (type === stringType ? 0 : type === mapType ? 2 : 1)
    if (![stringType, mapType, setType, listType].includes(type)) throw new WireError(`type ${type} is not known`)
    if (bytes.length < sizeAt + 4) return false
    const size = bytes.readInt32BE(sizeAt)
    const values = sizeAt + 4
    if (size < 0 || values + size > this.#maxBytes)
      throw new WireError(`a size is ${size}; expected what fits a message`)
    if (type === stringType) return this.#pass(bytes, values + size)
    // Counted down from an even number: a key, then its value.
    const types = type === mapType ? [bytes[at] ?? 0, bytes[at + 1] ?? 0] : [bytes[at] ?? 0]
    return this.#enter(values, { types, left: size * types.length })
  }

  #pass(bytes: Buffer, end: number): boolean {
    if (bytes.length < end) return false
    this.#at = end
    return true
  }

  #enter(at: number, level: Level): boolean {
    if (this.#levels.length >= maxDepth) throw new WireError(`a message is deeper than ${maxDepth} levels`)
    this.#levels.push(level)
    this.#at = at
    return true
  }
}

/** The header at the start of `bytes`, or undefined while it is incomplete. */
export function readHeader(bytes: Buffer): Header | undefined {
  if (bytes.length < 4) return undefined
  const word = bytes.readInt32BE(0)
  return word < 0 ? strictHeader(bytes) : oldHeader(bytes, word)
}

function strictHeader(bytes: Buffer): Header | undefined {
  const version = bytes.readUInt16BE(0)
  if (version !== version1) throw new WireError(`the version word is 0x${version.toString(16)}; expected 0x8001`)
  if (bytes.length < 8) return undefined
  const length = methodLength(bytes.readInt32BE(4))
  const end = 8 + length + 4
  if (bytes.length < end) return undefined
  const method = bytes.toString('utf8', 8, 8 + length)
  return { method, type: bytes[3] ?? 0, seqid: bytes.readInt32BE(8 + length), end }
}

function oldHeader(bytes: Buffer, word: number): Header | undefined {
  const length = methodLength(word)
  const end = 4 + length + 5
  if (bytes.length < end) return undefined
  const method = bytes.toString('utf8', 4, 4 + length)
  return { method, type: bytes[4 + length] ?? 0, seqid: bytes.readInt32BE(5 + length), end }
}

function methodLength(length: number): number {
  if (length < 0 || length > maxMethodBytes) throw new WireError(`a method's name has ${length} bytes`)
  return length
}
