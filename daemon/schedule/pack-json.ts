/**
 * JSON as osquery reads its configuration: with comments on lines of their own, and bounded.
 *
 * `osquery/config/config.cpp`: lines that begin with `#` or `//` are dropped, a backslash at the end of a line joins it
 * with the next, 4 MiB without comments, 32 levels. Comments behind a value are none: `//` may stand in an address.
 */

/** Bytes of a text without its comments. */
export const maxPackBytes = 4 * 1024 * 1024
/** Bytes of a text with them: it is not read beyond. */
const maxTextBytes = 2 * maxPackBytes
/** Levels of objects and lists. */
export const maxPackDepth = 32

/** A value, and keys of which it holds the last of several. */
export interface PackJson {
  readonly value: unknown
  readonly repeated: readonly string[]
}

/** The value, or what is wrong with the text. */
export function readPackJson(text: string): PackJson | { readonly problem: string } {
  if (text.length > maxTextBytes) return { problem: `the text has more than ${maxTextBytes} characters` }
  const bare = withoutComments(text)
  const bytes = Buffer.byteLength(bare)
  if (bytes > maxPackBytes) return { problem: `the text has ${bytes} bytes; expected at most ${maxPackBytes}` }
  let value: unknown
  try {
    value = JSON.parse(bare)
  } catch (error) {
    return { problem: `the text is no JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  if (isDeeper(value, maxPackDepth)) return { problem: `the text has more than ${maxPackDepth} levels` }
  return { value, repeated: repeatedKeys(bare) }
}

function withoutComments(text: string): string {
  const start = text.startsWith('\uFEFF') ? 1 : 0
  const lines = text.slice(start).replaceAll('\r\n', '\n').replaceAll('\\\n', '').split('\n')
  return lines.filter((line) => !/^\s*(#|\/\/)/.test(line)).join('\n')
}

/** Level by level, not by recursion: a hostile text is as deep as it is long. */
function isDeeper(value: unknown, levels: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= levels) return true
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
  }
  return false
}

/** Keys that stand twice in one object of a text that is valid JSON: a parser keeps one of them in silence. */
function repeatedKeys(json: string): readonly string[] {
  const repeated = new Set<string>()
  const open: (Set<string> | undefined)[] = []
  for (let at = 0; at < json.length; at++) {
    const char = json[at]
    if (char === '{') open.push(new Set())
    else if (char === '[') open.push(undefined)
    else if (char === '}' || char === ']') open.pop()
    if (char !== '"') continue
    const start = at
    for (at++; json[at] !== '"'; at++) if (json[at] === '\\') at++
    const keys = open.at(-1)
    if (keys === undefined || !isKey(json, at + 1)) continue
    const key = String(JSON.parse(json.slice(start, at + 1)))
    if (keys.has(key)) repeated.add(key)
    keys.add(key)
  }
  return [...repeated]
}

/** Whether a colon follows. */
function isKey(json: string, from: number): boolean {
  let at = from
  while (json[at] === ' ' || json[at] === '\n' || json[at] === '\t' || json[at] === '\r') at++
  return json[at] === ':'
}
