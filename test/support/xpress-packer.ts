/**
 * Packs bytes as Windows packs Prefetch files: LZ77 with Huffman codes of at most 15 bits, in chunks of 64 KiB.
 *
 * Matches are found greedily by their first three bytes, which is enough to have every form of them: near and far,
 * short, long, and so long that their length takes extra bytes. Format: MS-XCA, section 2.1.
 */
import { join, le } from './byte-writer.ts'

const chunk = 65_536

type Token = { literal: number } | { offset: number; length: number }

/** The packed bytes. */
export function xpressPacked(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += chunk)
    parts.push(packedChunk(bytes, at, Math.min(bytes.length, at + chunk)))
  return join(...parts)
}

/** The same in the envelope of a Prefetch file. */
export function mamPacked(bytes: Uint8Array, withChecksum = false): Uint8Array {
  const head = withChecksum
    ? join('MAM', le(0x84, 1), le(bytes.length, 4), le(0, 4))
    : join('MAM\u0004', le(bytes.length, 4))
  return join(head, xpressPacked(bytes))
}

function packedChunk(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const tokens = tokensOf(bytes, start, end)
  const counts = new Array<number>(512).fill(0)
  for (const token of tokens) counts[symbolOf(token)] = (counts[symbolOf(token)] ?? 0) + 1
  const lengths = codeLengths(counts)
  const codes = codesOf(lengths)
  const table = Uint8Array.from({ length: 256 }, (_, i) => (lengths[2 * i] ?? 0) | ((lengths[2 * i + 1] ?? 0) << 4))
  const out = new Words()
  for (const token of tokens) {
    const symbol = symbolOf(token)
    out.bits(lengths[symbol] ?? 0, codes[symbol] ?? 0)
    if ('literal' in token) continue
    const length = token.length - 3
    if (length >= 15) out.extra(length - 15 < 255 ? [length - 15] : [255, length & 255, length >> 8])
    const width = 31 - Math.clz32(token.offset)
    out.bits(width, token.offset - 2 ** width)
  }
  return join(table, out.done())
}

function tokensOf(bytes: Uint8Array, start: number, end: number): Token[] {
  const tokens: Token[] = []
  const last = new Map<number, number>()
  const keyAt = (at: number) => ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
  for (let at = 0; at < start; at++) last.set(keyAt(at), at)
  for (let at = start; at < end; ) {
    const before = last.get(keyAt(at))
    let length = 0
    if (before !== undefined && at - before < 65_536) {
      while (at + length < end && length < 60_000 && bytes[before + length] === bytes[at + length]) length++
    }
    const step = length >= 3 && before !== undefined ? length : 1
    tokens.push(step > 1 ? { offset: at - (before ?? 0), length } : { literal: bytes[at] ?? 0 })
    for (let i = 0; i < step; i++) last.set(keyAt(at + i), at + i)
    at += step
  }
  return tokens
}

function symbolOf(token: Token): number {
  if ('literal' in token) return token.literal
  return 256 + Math.min(15, token.length - 3) + 16 * (31 - Math.clz32(token.offset))
}

/** Huffman's lengths; counts are evened out until the longest is short enough. */
function codeLengths(counts: readonly number[]): number[] {
  const lengths = new Array<number>(512).fill(0)
  let nodes = counts.flatMap((count, symbol) => (count > 0 ? [{ count, symbols: [symbol] }] : []))
  if (nodes.length === 1) {
    lengths[nodes[0]?.symbols[0] ?? 0] = 1
    return lengths
  }
  while (nodes.length > 1) {
    nodes = nodes.toSorted((a, b) => a.count - b.count)
    const [a, b, ...rest] = nodes as [{ count: number; symbols: number[] }, { count: number; symbols: number[] }]
    for (const symbol of [...a.symbols, ...b.symbols]) lengths[symbol] = (lengths[symbol] ?? 0) + 1
    nodes = [...rest, { count: a.count + b.count, symbols: [...a.symbols, ...b.symbols] }]
  }
  return Math.max(...lengths) <= 15 ? lengths : codeLengths(counts.map((count) => (count > 0 ? (count >> 1) + 1 : 0)))
}

/** Canonical codes: by length, then by symbol. */
function codesOf(lengths: readonly number[]): number[] {
  const codes = new Array<number>(512).fill(0)
  let next = 0
  for (let length = 1; length <= 15; length++) {
    for (let symbol = 0; symbol < 512; symbol++) if (lengths[symbol] === length) codes[symbol] = next++
    next <<= 1
  }
  return codes
}

/** Words of bits, of which two are reserved ahead, with extra bytes after what is reserved. */
class Words {
  readonly #out: number[] = [0, 0, 0, 0]
  #first = 0
  #second = 2
  #free = 16
  #word = 0

  bits(count: number, value: number): void {
    if (this.#free >= count) {
      this.#free -= count
      this.#word = (this.#word << count) | value
      return
    }
    const rest = count - this.#free
    this.#put((this.#word << this.#free) | (value >> rest))
    this.#free = 16 - rest
    this.#word = value & (2 ** rest - 1)
  }

  extra(bytes: readonly number[]): void {
    this.#out.push(...bytes)
  }

  done(): Uint8Array {
    this.#write(this.#word << this.#free)
    return Uint8Array.from(this.#out)
  }

  #put(word: number): void {
    this.#write(word)
    this.#first = this.#second
    this.#second = this.#out.length
    this.#out.push(0, 0)
  }

  #write(word: number): void {
    this.#out[this.#first] = word & 255
    this.#out[this.#first + 1] = (word >> 8) & 255
  }
}
