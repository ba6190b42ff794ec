/**
 * Bytes of a list to text, and text to JSON, with limits.
 *
 * Lists come from spreadsheets, shells and mail: UTF-8 with or without a mark, UTF-16 with one, sometimes Latin-1.
 * JSON is checked for depth before it is parsed, so that nothing downstream has to fear recursion.
 */

/** Text, or why there is none. */
export type Decoded = { readonly text: string } | { readonly problem: string }

/** Deepest nesting accepted. A MISP export with galaxies has 14 levels, a STIX bundle 8. */
export const maxDepth = 64

/** Decodes a list. Bytes that are not UTF-8 are read as Latin-1, in which indicators look the same. */
export function decodeText(bytes: Uint8Array): Decoded {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8'
  let text: string
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    text = new TextDecoder('latin1').decode(bytes)
  }
  return text.includes('\0') ? { problem: 'the file holds NUL characters; expected text' } : { text }
}

/** A JSON value, or why there is none. */
export type ParsedJson = { readonly value: unknown } | { readonly problem: string }

/** Parses JSON no deeper than `maxDepth`. */
export function parseJson(text: string): ParsedJson {
  const depth = depthOf(text)
  if (depth > maxDepth) return { problem: `the JSON is nested more than ${maxDepth} levels deep` }
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/\s+/g, ' ').slice(0, 200) : String(cause)
    return { problem: `the file is not JSON: ${reason}` }
  }
}

/** Whether a parsed value is an object with fields. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Deepest nesting of brackets outside strings; stops counting once it is too deep. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) i = endOfString(text, i)
    else if (c === 0x5b || c === 0x7b) {
      depth += 1
      if (depth > deepest) deepest = depth
      if (deepest > maxDepth) return deepest
    } else if (c === 0x5d || c === 0x7d) depth -= 1
  }
  return deepest
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x5c) i += 1
    else if (c === 0x22) return i
  }
  return text.length
}
