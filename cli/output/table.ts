/**
 * Rows as an aligned table for people, or as blocks of lines when a table would not fit.
 */
import type { Cell, Row } from './format.ts'
import { printable } from './printable.ts'

/** Renders all rows; needs them all at once, because columns are as wide as their widest cell. */
export async function* table(
  columns: readonly string[],
  rows: AsyncIterable<Row> | Iterable<Row>,
  width: number,
): AsyncGenerator<string, void, undefined> {
  const cells: string[][] = []
  for await (const row of rows) cells.push(columns.map((column) => show(row[column] ?? null)))
  const widths = columns.map((column, at) => Math.max(column.length, ...lengths(cells, at)))
  const total = widths.reduce((sum, one) => sum + one + 2, -2)
  yield total <= width ? grid(columns, cells, widths) : blocks(columns, cells)
}

function* lengths(cells: readonly (readonly string[])[], at: number): Generator<number, void, undefined> {
  let longest = 0
  for (const row of cells) longest = Math.max(longest, (row[at] ?? '').length)
  yield longest
}

function grid(columns: readonly string[], cells: readonly string[][], widths: readonly number[]): string {
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd()
  return `${[line(columns), line(widths.map((one) => '-'.repeat(one))), ...cells.map(line)].join('\n')}\n`
}

function blocks(columns: readonly string[], cells: readonly string[][]): string {
  const label = Math.max(0, ...columns.map((column) => column.length))
  const block = (row: readonly string[]) =>
    columns.map((column, at) => `${column.padEnd(label)}  ${row[at] ?? ''}`.trimEnd()).join('\n')
  return cells.map((row) => `${block(row)}\n`).join('\n')
}

function show(cell: Cell): string {
  if (cell === null) return ''
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('hex')
  return printable(String(cell))
}
