/**
 * Where the members of a JSON object begin and end in its text, without making anything of them.
 *
 * Lines are cut and joined at these places, so that every other byte stays as it is. A value is skipped by its quotes and
 * brackets; what is inside is not checked. Linear in the text, no recursion: nesting costs a counter.
 */

/** A member of an object: places in the text. */
export interface ScannedMember {
  /** Of the quote that opens the name. */
  readonly from: number
  /** Of the value's first character. */
  readonly value: number
}

const [quote, comma, colon, backslash] = [0x22, 0x2c, 0x3a, 0x5c]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]

/**
 * Walks the members of the object that begins at `from`; `visit` stops the walk by giving true. Gives the place of the
 * closing brace; -1 when the text is no object or ends too soon, or the walk was stopped.
 */
export function scanObject(text: string, from: number, visit: (member: ScannedMember) => boolean): number {
  if (text.charCodeAt(from) !== openBrace) return -1
  let at = skipSpace(text, from + 1)
  if (text.charCodeAt(at) === closeBrace) return at
  for (;;) {
    if (text.charCodeAt(at) !== quote) return -1
    const nameEnd = endOfString(text, at)
    if (nameEnd < 0) return -1
    const between = skipSpace(text, nameEnd)
    if (text.charCodeAt(between) !== colon) return -1
    const value = skipSpace(text, between + 1)
    if (visit({ from: at, value })) return -1
    const end = endOfValue(text, value)
    if (end < 0) return -1
    at = skipSpace(text, end)
    const behind = text.charCodeAt(at)
    if (behind === closeBrace) return at
    if (behind !== comma) return -1
    at = skipSpace(text, at + 1)
  }
}

/** Whether a member has this name, written without escapes. */
export function isNamed(text: string, member: ScannedMember, name: string): boolean {
  return text.startsWith(name, member.from + 1) && text.charCodeAt(member.from + 1 + name.length) === quote
}

/** Behind the value that begins at `from`; -1 when it does not end. */
export function endOfValue(text: string, from: number): number {
  const first = text.charCodeAt(from)
  if (first === quote) return endOfString(text, from)
  let at = from
  if (first !== openBrace && first !== openBracket) {
    while (at < text.length && !isScalarEnd(text.charCodeAt(at))) at++
    return at > from && at < text.length ? at : -1
  }
  let depth = 0
  while (at < text.length) {
    const character = text.charCodeAt(at)
    if (character === quote) {
      at = endOfString(text, at)
      if (at < 0) return -1
      continue
    }
    at++
    if (character === openBrace || character === openBracket) depth++
    else if (character === closeBrace || character === closeBracket) {
      depth--
      if (depth === 0) return at
    }
  }
  return -1
}

/** Behind the closing quote of the string that begins at `from`; -1 when it does not end. */
export function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === backslash) backslashes++
    if (backslashes % 2 === 0) return end + 1
  }
  return -1
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

function isSpace(character: number): boolean {
  return character === 0x20 || character === 0x0a || character === 0x0d || character === 0x09
}

function isScalarEnd(character: number): boolean {
  return character === comma || character === closeBrace || character === closeBracket || isSpace(character)
}
