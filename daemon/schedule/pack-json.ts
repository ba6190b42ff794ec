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

/** The value, or what is wrong with the text. */
export function readPackJson(text: string): { readonly value: unknown } | { readonly problem: string } {
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
  return { value }
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
