/**
 * Lines of columns: with quotes as RFC 4180 has them, or with words in quotes and brackets as web servers write them.
 *
 * Both go through the line once. A quote that never closes takes the rest of the line, as a cut line needs it.
 */

/** More columns than any log has; the rest of the line is left. */
const maxColumns = 1024

/** Columns of a CSV line; a quote inside a quoted column is doubled. */
export function delimited(line: string, delimiter: string): string[] {
  const columns: string[] = []
  let at = 0
  while (columns.length < maxColumns) {
    const quoted = line[at] === '"' ? quotedColumn(line, at + 1) : undefined
    const end = line.indexOf(delimiter, quoted?.end ?? at)
    const rest = line.slice(quoted?.end ?? at, end < 0 ? undefined : end)
    columns.push(quoted ? quoted.text + rest.trimEnd() : rest)
    if (end < 0) break
    at = end + delimiter.length
  }
  return columns
}

function quotedColumn(line: string, start: number): { text: string; end: number } {
  const pieces: string[] = []
  let at = start
  for (;;) {
    const quote = line.indexOf('"', at)
    pieces.push(line.slice(at, quote < 0 ? undefined : quote))
    if (quote < 0) return { text: pieces.join(''), end: line.length }
    if (line[quote + 1] !== '"') return { text: pieces.join(''), end: quote + 1 }
    pieces.push('"')
    at = quote + 2
  }
}

/** Words between spaces; `"a b"` and `[a b]` are one word each, without their marks; a backslash keeps a quote. */
export function quotedWords(line: string, from = 0, most = maxColumns): string[] {
  const words: string[] = []
  let at = from
  while (at < line.length && words.length < most) {
    const first = line[at]
    if (first === ' ') at++
    else if (first === '"') {
      const end = closingQuote(line, at + 1)
      words.push(line.slice(at + 1, end))
      at = end + 1
    } else {
      const end = line.indexOf(first === '[' ? ']' : ' ', at)
      const stop = end < 0 ? line.length : end
      words.push(line.slice(first === '[' ? at + 1 : at, stop))
      at = stop + 1
    }
  }
  return words
}

/** Where the quote closes: the first `"` with an even number of backslashes before it, or the end. */
function closingQuote(line: string, start: number): number {
  for (let at = start; at < line.length; at++) {
    if (line[at] === '\\') at++
    else if (line[at] === '"') return at
  }
  return line.length
}
