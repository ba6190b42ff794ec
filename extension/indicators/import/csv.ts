/**
 * CSV as RFC 4180 has it: quoted fields, doubled quotes, line breaks inside quotes, CRLF or LF.
 * https://www.rfc-editor.org/rfc/rfc4180
 *
 * The delimiter is a comma, a semicolon or a tab, whichever the header has most of, because spreadsheets in half of
 * Europe write semicolons. A quote that is never closed ends with the text; its row is marked as broken.
 */

/** One row. */
export interface CsvRow {
  /** Line on which the row starts, from 1. */
  readonly line: number
  readonly fields: readonly string[]
  /** The row ends inside quotes: the rest of the text was swallowed by it. */
  readonly isBroken: boolean
}

/** Fields of one row; more are no table of indicators. */
const maxFields = 256

/** The delimiter of a table, from its first line. */
export function csvDelimiter(text: string): string {
  const end = text.indexOf('\n')
  const header = text.slice(0, Math.min(end < 0 ? text.length : end, 4096))
  const count = (one: string) => header.split(one).length
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best))
}

/** Rows of a table, one at a time; blank lines are left out. */
export function* csvRows(text: string, delimiter: string): Generator<CsvRow> {
  let at = 0
  let line = 1
  while (at < text.length) {
    const start = line
    const fields: string[] = []
    let isBroken = false
    for (;;) {
      const field = text[at] === '"' ? quotedField(text, at, delimiter) : bareField(text, at, delimiter)
      if (fields.length < maxFields) fields.push(field.value)
      isBroken ||= field.isBroken
      line += field.breaks
      at = field.end
      if (text[at] !== delimiter) break
      at += 1
    }
    if (text[at] === '\r') at += 1
    if (text[at] === '\n') at += 1
    line += 1
    if (fields.length > 1 || fields[0]?.trim() !== '') yield { line: start, fields, isBroken }
  }
}

interface Field {
  readonly value: string
  readonly end: number
  readonly breaks: number
  readonly isBroken: boolean
}

function bareField(text: string, start: number, delimiter: string): Field {
  let end = start
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n') end += 1
  const isReturn = end > start && text[end - 1] === '\r' && text[end] !== delimiter
  return { value: text.slice(start, isReturn ? end - 1 : end), end, breaks: 0, isBroken: false }
}

/** Text behind the closing quote, which the standard forbids, is kept: `"a"b` is read as `ab`. */
function quotedField(text: string, start: number, delimiter: string): Field {
  const pieces: string[] = []
  let from = start + 1
  for (;;) {
    const quote = text.indexOf('"', from)
    if (quote < 0) {
      pieces.push(text.slice(from))
      const value = pieces.join('')
      return { value, end: text.length, breaks: breaksIn(value), isBroken: true }
    }
    pieces.push(text.slice(from, quote))
    from = quote + 1
    if (text[from] !== '"') break
    pieces.push('"')
    from += 1
  }
  const rest = bareField(text, from, delimiter)
  const value = pieces.join('')
  return { value: value + rest.value, end: rest.end, breaks: breaksIn(value), isBroken: false }
}

function breaksIn(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1
  return count
}
