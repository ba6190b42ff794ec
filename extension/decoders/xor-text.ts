/**
 * The whole of a text under a one-byte XOR key, from a place inside it.
 *
 * Encoded texts end in an encoded NUL, or lie in plain zeros, and one and the same byte can mean a letter or padding:
 * here it is decided which. Finding the place is xor-strings.ts.
 */
import type { BoundedFile } from './bounded-file.ts'
import type { MarkerHit } from './xor-strings.ts'

/** A text as it was read. */
export interface EncodedText {
  /** In the file, of its first character. */
  readonly offset: number
  readonly text: string
  /** Zero bytes directly before it which could be padding, or could each be the letter that equals the key. */
  readonly zerosBefore: number
}

/** Around a marker. The longest text of the loader is its user agent of 117 characters. */
const maxBefore = 256
const maxAfter = 768

/** Reads the whole text around a hit, using bytes of the range only. */
export async function textAt(
  file: BoundedFile,
  hit: MarkerHit,
  offset: number,
  length: number,
): Promise<EncodedText | undefined> {
  const low = Math.max(offset, hit.offset - maxBefore)
  const data = await file.read(low, Math.min(offset + length, hit.offset + maxAfter) - low)
  if (!data) return undefined
  const inside = textAround(data, hit.offset - low, hit.marker.text.length, hit.key)
  return { ...inside, offset: low + inside.offset }
}

/**
 * The text that holds `length` known bytes at `at`.
 *
 * A byte that equals the key is an encoded NUL and ends the text. A zero byte is the letter that equals the key (`z`
 * for 0x7A), or else plain padding around the text. Inside a word it is the letter; next to an encoded NUL too, where
 * nobody pads; three in a row are padding, since no text here has three such letters in a row.
 */
export function textAround(data: Uint8Array, at: number, length: number, key: number): EncodedText {
  const before = walk(data, at - 1, -1, key)
  const end = walk(data, at + length, 1, key).stop
  const start = before.stop + 1
  const text = Array.from(data.subarray(start, end), (byte) => String.fromCharCode(byte ^ key)).join('')
  return { offset: start, text, zerosBefore: before.zeros }
}

/** Goes in one direction; `stop` is the first place outside the text, `zeros` how many zero bytes lie from there. */
function walk(data: Uint8Array, from: number, step: 1 | -1, key: number): { stop: number; zeros: number } {
  let at = from
  while (isText(data[at], key)) {
    if (data[at] !== 0) {
      at += step
      continue
    }
    let beyond = at
    while (data[beyond] === 0) beyond += step
    const zeros = Math.abs(beyond - at)
    const goesOn = data[beyond] === key || isLikelyText(data, beyond, step, key)
    if (zeros >= 3 || !matches(/[A-Za-z0-9/.-]/, data[at - step], key) || !goesOn) return { stop: at, zeros }
    at = beyond
  }
  return { stop: at, zeros: 0 }
}

function isText(byte: number | undefined, key: number): boolean {
  if (byte === undefined || byte === key) return false
  const letter = byte ^ key
  return letter >= 0x20 && letter < 0x7f
}

/**
 * Whether what lies beyond zeros reads on: a lower-case letter, or a slash in a path. Plain text beside the zeros must
 * not; under 0x7A its digits and capitals decode to printable characters, but never to lower-case letters.
 */
function isLikelyText(data: Uint8Array, at: number, step: 1 | -1, key: number): boolean {
  if (matches(/[a-z]/, data[at], key)) return true
  return matches(/\//, data[at], key) && matches(/[a-z/]/, data[at + step], key)
}

function matches(pattern: RegExp, byte: number | undefined, key: number): boolean {
  return byte !== undefined && byte !== 0 && pattern.test(String.fromCharCode(byte ^ key))
}
