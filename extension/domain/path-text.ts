/**
 * File paths as text, without losing a byte.
 *
 * POSIX names are bytes and need not be UTF-8; a file whose name cannot be printed must still be shown, matched and
 * queried back. Inside the project a path is therefore a string in which every byte that is not part of valid UTF-8
 * is written `\xhh` (two lower-case hex digits). A backslash that would read as such an escape is written `\x5c`, so
 * the mapping is one to one: `decode(encode(bytes)) = bytes`. Ordinary paths, Windows paths included, are unchanged.
 */

/** A path in the escaped form described above. */
export type PathText = string

const escaped = /\\x([0-9a-f]{2})/g
const ambiguous = /\\(?=x[0-9a-f]{2})/g
const lossy = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** Bytes of a path to its text form. */
export function pathFromBytes(bytes: Uint8Array): PathText {
  try {
    return protect(strict.decode(bytes))
  } catch {
    return pieces(bytes)
  }
}

/** Text form of a path to its bytes. */
export function pathToBytes(path: PathText): Uint8Array {
  if (!path.includes('\\x')) return encoder.encode(path)
  const out: number[] = []
  let last = 0
  for (const found of path.matchAll(escaped)) {
    for (const byte of encoder.encode(path.slice(last, found.index))) out.push(byte)
    out.push(Number.parseInt(found[1] ?? '', 16))
    last = found.index + found[0].length
  }
  for (const byte of encoder.encode(path.slice(last))) out.push(byte)
  return Uint8Array.from(out)
}

function protect(text: string): string {
  return text.includes('\\x') ? text.replace(ambiguous, '\\x5c') : text
}

/** Splits into valid UTF-8 runs and stray bytes: a run ends where decoding one more byte sequence would fail. */
function pieces(bytes: Uint8Array): string {
  let out = ''
  let start = 0
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i)
    if (length > 0) {
      i += length
      continue
    }
    out += `${protect(lossy.decode(bytes.subarray(start, i)))}\\x${(bytes[i] ?? 0).toString(16).padStart(2, '0')}`
    i += 1
    start = i
  }
  return out + protect(lossy.decode(bytes.subarray(start)))
}

/** Length of the valid UTF-8 sequence at `i`, or 0. Table 3-7 of the Unicode Standard. */
function sequenceLength(bytes: Uint8Array, i: number): number {
  const b0 = bytes[i] ?? 0
  if (b0 < 0x80) return 1
  const length = b0 >= 0xf0 ? 4 : b0 >= 0xe0 ? 3 : 2
  if (b0 < 0xc2 || b0 > 0xf4 || i + length > bytes.length) return 0
  const b1 = bytes[i + 1] ?? 0
  const low = b0 === 0xe0 ? 0xa0 : b0 === 0xf0 ? 0x90 : 0x80
  const high = b0 === 0xed ? 0x9f : b0 === 0xf4 ? 0x8f : 0xbf
  if (b1 < low || b1 > high) return 0
  for (let k = 2; k < length; k++) if (((bytes[i + k] ?? 0) & 0xc0) !== 0x80) return 0
  return length
}

/** Directory and name of an absolute path; a Windows path is known by its drive or its leading backslashes. */
export function splitPath(path: PathText): { readonly directory: PathText; readonly name: string } {
  const cut = path.lastIndexOf(isWindowsPath(path) ? '\\' : '/')
  const isTop = cut === 0 || /^[A-Za-z]:$/.test(path.slice(0, cut))
  return { directory: path.slice(0, isTop ? cut + 1 : Math.max(cut, 0)), name: path.slice(cut + 1) }
}

/** Whether an absolute path separates its components with backslashes. On POSIX a backslash is a letter like others. */
export function isWindowsPath(path: PathText): boolean {
  return /^([A-Za-z]:\\|\\\\)/.test(path)
}
