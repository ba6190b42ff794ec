/**
 * A row as one text, the same for the same row: what is fingerprinted, and what the state keeps.
 *
 * Columns are in the order of their names' bytes, whatever order the query named them in; the lengths of all values stand
 * before the values, so that no two rows share a text. Values are text, as in osquery's log: 64-bit numbers lose nothing.
 * A lone surrogate is U+FFFD here, because that is what a line in UTF-8 says. Not a line: that is `result-lines.ts`.
 */
import type { ResultRow } from '../engine/engine.ts'

/** Stored rows that do not read as rows: the file was damaged. */
export class DamagedRowsError extends Error {
  override readonly name = 'DamagedRowsError'
}

/** Order of `std::map<std::string, ...>`: by bytes. */
export function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

/** Names, each once, in the order of their bytes: the order in which osquery logs columns. */
export function columnOrder(names: Iterable<string>): string[] {
  return [...new Set(names)].sort(compareBytes)
}

/** Writes and reads the rows of one query. */
export class RowText {
  readonly columns: readonly string[]

  constructor(names: Iterable<string>) {
    this.columns = columnOrder(names)
  }

  /** A value that is missing counts as empty, as NULL does. */
  write(row: ResultRow): string {
    let lengths = ''
    let values = ''
    for (const column of this.columns) {
      const value = row[column] ?? ''
      lengths += `${value.length},`
      values += value
    }
    return `${lengths}${values}`
  }

  /** Rows written one behind the other, of at least one column. Throws `DamagedRowsError`. */
  read(text: string): ResultRow[] {
    if (this.columns.length === 0) throw new DamagedRowsError('stored rows of no columns')
    const rows: ResultRow[] = []
    let at = 0
    while (at < text.length) {
      const lengths: number[] = []
      for (let column = 0; column < this.columns.length; column++) {
        const comma = text.indexOf(',', at)
        const digits = comma < 0 ? '' : text.slice(at, comma)
        if (!/^\d{1,10}$/.test(digits)) throw new DamagedRowsError(`no length at character ${at} of stored rows`)
        lengths.push(Number(digits))
        at = comma + 1
      }
      const row: Record<string, string> = {}
      for (const [column, name] of this.columns.entries()) {
        const end = at + (lengths[column] ?? 0)
        if (end > text.length) throw new DamagedRowsError(`stored rows end at character ${text.length}, in a value`)
        setOwn(row, name, text.slice(at, end))
        at = end
      }
      rows.push(row)
    }
    return rows
  }
}

/** A column may have any name; `__proto__` must not become something else. */
function setOwn(row: Record<string, string>, name: string, value: string): void {
  if (name === '__proto__') Object.defineProperty(row, name, { value, enumerable: true })
  else row[name] = value
}
