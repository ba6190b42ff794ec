/**
 * Output formats: rows in, text out, one row at a time where the format allows it.
 *
 * Numbers are numbers, 64-bit ones included; JSON is an array of objects with column names as keys.
 */
import { table } from './table.ts'

/** A cell as SQL gives it. */
export type Cell = string | number | bigint | null | Uint8Array

/** A row by column name. */
export type Row = Readonly<Record<string, Cell>>

/** The formats by name. */
export const formats = ['table', 'json', 'jsonl', 'csv'] as const

/** One of the formats. */
export type Format = (typeof formats)[number]

/** Renders rows; the pieces joined are the whole output. `width` bounds a table. */
export async function* render(
  format: Format,
  columns: readonly string[],
  rows: AsyncIterable<Row> | Iterable<Row>,
  width: number,
): AsyncGenerator<string, void, undefined> {
  switch (format) {
    case 'json': {
      let before = '['
      for await (const row of rows) {
        yield `${before}\n  ${jsonObject(columns, row)}`
        before = ','
      }
      yield before === '[' ? '[]\n' : '\n]\n'
      return
    }
    case 'jsonl':
      for await (const row of rows) yield `${jsonObject(columns, row)}\n`
      return
    case 'csv':
      yield `${columns.map(csvField).join(',')}\r\n`
      for await (const row of rows) yield `${columns.map((column) => csvField(row[column] ?? null)).join(',')}\r\n`
      return
    case 'table':
      yield* table(columns, rows, width)
  }
}

/** A JSON object in column order; bigint as digits, bytes as hex. */
export function jsonObject(columns: readonly string[], row: Row): string {
  return `{${columns.map((column) => `${JSON.stringify(column)}:${jsonValue(row[column] ?? null)}`).join(',')}}`
}

function jsonValue(cell: Cell): string {
  if (typeof cell === 'bigint') return cell.toString()
  if (cell instanceof Uint8Array) return JSON.stringify(Buffer.from(cell).toString('hex'))
  return JSON.stringify(cell)
}

/** RFC 4180, and a guard against spreadsheets: a text that would be read as a formula gets a leading apostrophe. */
function csvField(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'number' || typeof cell === 'bigint') return String(cell)
  const raw = cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : cell
  const text = /^[=+@\t\r-]/.test(raw) ? `'${raw}` : raw
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
