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

  /**
   * Rows written one behind the other, of at least one column; those that are not wanted are skipped, and undefined.
   * Values are copies: a part of a text keeps the whole text in memory. Throws `DamagedRowsError`.
   */
  read(text: string, isWanted: (index: number) => boolean = () => true): (ResultRow | undefined)[] {
    if (this.columns.length === 0) throw new DamagedRowsError('stored rows of no columns')
    const rows: (ResultRow | undefined)[] = []
    const lengths = new Uint32Array(this.columns.length)
    for (let at = 0; at < text.length; ) {
      let end = 0
      for (let column = 0; column < lengths.length; column++) {
        const from = at
        let length = 0
        for (let digit = digitAt(text, at); digit >= 0; digit = digitAt(text, ++at)) length = length * 10 + digit
        if (at === from || at - from > 9 || text[at] !== ',') {
          throw new DamagedRowsError(`no length at character ${from} of stored rows`)
        }
        lengths[column] = length
        end += length
        at++
      }
      end += at
      if (end > text.length) throw new DamagedRowsError(`stored rows end at character ${text.length}, in a value`)
      rows.push(isWanted(rows.length) ? this.#row(text, at, lengths) : undefined)
      at = end
    }
    return rows
  }

  #row(text: string, from: number, lengths: Uint32Array): ResultRow {
    const row: Record<string, string> = {}
    let at = from
    for (const [column, name] of this.columns.entries()) {
      const end = at + (lengths[column] ?? 0)
      setOwn(row, name, Buffer.from(text.slice(at, end), 'utf8').toString('utf8'))
      at = end
    }
    return row
  }
}

function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - 0x30
  return digit >= 0 && digit <= 9 ? digit : -1
}

/** A column may have any name; `__proto__` must not become something else. */
function setOwn(row: Record<string, string>, name: string, value: string): void {
  if (name === '__proto__') Object.defineProperty(row, name, { value, enumerable: true })
  else row[name] = value
}
