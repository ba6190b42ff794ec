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
  /** The name as it stands in the text, between its quotes. */
  readonly name: string
  /** Of the value's first character. */
  readonly value: number
  /** Behind the value. */
  readonly end: number
}

/** An object that ends in the text. */
export interface ScannedObject {
  /** Of the closing brace; -1 when the text is no object or ends too soon, or the walk was stopped. */
  readonly close: number
}

const structure = /["{}[\]]/g
const space = /[^ \t\r\n]/g
const scalarEnd = /[,}\] \t\r\n]/g

/** Walks the members of the object that begins at `from`; `visit` may stop the walk by giving true. */
export function scanObject(
  text: string,
  from: number,
  visit: (member: ScannedMember) => boolean | undefined,
): ScannedObject {
  const failed = { close: -1 }
  if (text[from] !== '{') return failed
  let at = next(space, text, from + 1)
  if (text[at] === '}') return { close: at }
  for (;;) {
    if (text[at] !== '"') return failed
    const quote = endOfString(text, at)
    const colon = next(space, text, quote)
    if (quote < 0 || text[colon] !== ':') return failed
    const value = next(space, text, colon + 1)
    const member = { from: at, name: text.slice(at + 1, quote - 1), value }
    // The end is only looked for where it is needed: a value may be most of a line.
    let end = -1
    const isStop = visit({
      ...member,
      get end() {
        if (end < 0) end = endOfValue(text, value)
        return end
      },
    })
    if (isStop) return failed
    if (end < 0) end = endOfValue(text, value)
    if (end < 0) return failed
    at = next(space, text, end)
    if (text[at] === '}') return { close: at }
    if (text[at] !== ',') return failed
    at = next(space, text, at + 1)
  }
}

/** Behind the value that begins at `from`; -1 when it does not end. */
export function endOfValue(text: string, from: number): number {
  const first = text[from]
  if (first === '"') return endOfString(text, from)
  if (first !== '{' && first !== '[') {
    const end = next(scalarEnd, text, from)
    return end > from && end < text.length ? end : -1
  }
  let depth = 0
  for (let at = from; ; ) {
    const found = next(structure, text, at)
    const character = text[found]
    if (character === undefined) return -1
    if (character === '"') {
      at = endOfString(text, found)
      if (at < 0) return -1
      continue
    }
    depth += character === '{' || character === '[' ? 1 : -1
    at = found + 1
    if (depth === 0) return at
  }
}

/** Behind the closing quote of the string that begins at `from`; -1 when it does not end. */
export function endOfString(text: string, from: number): number {
  for (let quote = text.indexOf('"', from + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0
    while (text[quote - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return quote + 1
  }
  return -1
}

/** Place of the next character that fits; the text's length when there is none. */
function next(sought: RegExp, text: string, from: number): number {
  if (from < 0) return text.length
  sought.lastIndex = from
  const found = sought.exec(text)
  return found === null ? text.length : found.index
}
