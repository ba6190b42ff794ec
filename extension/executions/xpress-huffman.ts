/**
 * Decompression of LZ77 with Huffman codes as Windows 10 and later pack Prefetch files.
 *
 * Each chunk of 64 KiB of output begins with the code lengths of 512 symbols, four bits each; then follow 16-bit words
 * of code bits, most significant bit first, with the extra bytes of long matches between them. The size of the output
 * is known beforehand and bounds everything: each step yields at least one byte or ends. Format: MS-XCA, section 2.2.
 */

const symbols = 512
const tableBytes = symbols / 2
const maxCodeLength = 15
const chunkBytes = 65_536
const minMatch = 3

/** Exactly `size` bytes; undefined when the input is damaged, ends early, or says more. */
export function xpressHuffman(input: Uint8Array, size: number): Uint8Array | undefined {
  const out = new Uint8Array(size)
  let at = 0
  let written = 0
  while (written < size) {
    const codes = codesOf(input.subarray(at, at + tableBytes))
    if (!codes) return undefined
    const bits = new CodeBits(input, at + tableBytes)
    const end = Math.min(size, written + chunkBytes)
    while (written < end) {
      const symbol = codes[bits.peek(maxCodeLength)] ?? 0
      const length = symbol >> 9
      bits.skip(length)
      if (length === 0 || bits.isBeyond) return undefined
      const value = symbol & (symbols - 1)
      if (value < 256) {
        out[written++] = value
        continue
      }
      const match = matchOf(bits, value - 256)
      if (!match || match.offset > written || match.length > size - written) return undefined
      // one byte after the other: a match may overlap what it writes
      for (const stop = written + match.length; written < stop; written++) {
        out[written] = out[written - match.offset] ?? 0
      }
    }
    at = bits.at
  }
  return out
}

/** By the next 15 bits: length of the code, and its symbol in the low nine bits. 0 stands for no code. */
function codesOf(table: Uint8Array): Uint16Array | undefined {
  if (table.length < tableBytes) return undefined
  const lengthOf = (symbol: number) => ((table[symbol >> 1] ?? 0) >> (symbol & 1 ? 4 : 0)) & 15
  const codes = new Uint16Array(1 << maxCodeLength)
  let next = 0
  for (let length = 1; length <= maxCodeLength; length++) {
    const span = 1 << (maxCodeLength - length)
    for (let symbol = 0; symbol < symbols; symbol++) {
      if (lengthOf(symbol) !== length) continue
      if (next + span > codes.length) return undefined // more codes than there are bits for
      codes.fill((length << 9) | symbol, next, next + span)
      next += span
    }
  }
  return codes
}

interface Match {
  readonly offset: number
  readonly length: number
}

function matchOf(bits: CodeBits, code: number): Match | undefined {
  let length = code & 15
  if (length === 15) {
    const extra = bits.byte()
    if (extra === undefined) return undefined
    length += extra
    if (extra === 255) {
      const long = bits.half() || bits.word()
      if (long === undefined || long < 15) return undefined
      length = long
    }
  }
  const width = code >> 4
  const offset = 2 ** width + (width === 0 ? 0 : bits.peek(width))
  bits.skip(width)
  if (bits.isBeyond) return undefined
  return { offset, length: length + minMatch }
}

/** Words of code bits, two of them always ahead, as the packer laid them out. */
class CodeBits {
  readonly #input: Uint8Array
  /** Of the word before the one read last; no bit of a later one has been taken. */
  #started: number
  #last: number
  /** 32 bits; the upper ones come first. */
  #held: number
  /** Bits held beyond the 16 that must always be there. */
  #spare = 16
  #at: number

  constructor(input: Uint8Array, at: number) {
    this.#input = input
    this.#at = at + 4
    this.#started = at
    this.#last = at + 2
    this.#held = ((this.#wordAt(at) << 16) | this.#wordAt(at + 2)) >>> 0
  }

  /** Where the next bytes are. */
  get at(): number {
    return this.#at
  }

  /** Whether bits were taken that the input has not. */
  get isBeyond(): boolean {
    return this.#spare < 16 && this.#started + 2 > this.#input.length
  }

  peek(count: number): number {
    return this.#held >>> (32 - count)
  }

  skip(count: number): void {
    this.#held = (this.#held << count) >>> 0
    this.#spare -= count
    if (this.#spare >= 0) return
    this.#held = (this.#held | (this.#wordAt(this.#at) << -this.#spare)) >>> 0
    this.#spare += 16
    this.#started = this.#last
    this.#last = this.#at
    this.#at += 2
  }

  byte(): number | undefined {
    return this.#input[this.#at++]
  }

  half(): number | undefined {
    const low = this.byte()
    const high = this.byte()
    return low === undefined || high === undefined ? undefined : low | (high << 8)
  }

  word(): number | undefined {
    const low = this.half()
    const high = this.half()
    return low === undefined || high === undefined ? undefined : low + high * 65_536
  }

  #wordAt(at: number): number {
    return (this.#input[at] ?? 0) | ((this.#input[at + 1] ?? 0) << 8)
  }
}
