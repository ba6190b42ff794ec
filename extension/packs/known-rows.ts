/**
 * Rows that somebody looked at and accepts: `<query>.known.json` beside the query, each with a reason.
 *
 * An entry names columns and their values; a row is known when every named column has exactly that value, as text. The
 * statement stays as it is, so that what is accepted can be read, questioned and taken back.
 */

/** One accepted kind of row. */
export interface KnownRow {
  readonly reason: string
  readonly columns: Readonly<Record<string, string>>
}

const maxEntries = 1000

/** Entries of a file's text. Throws with the place of what is wrong. */
export function parseKnownRows(text: string): readonly KnownRow[] {
  const document: unknown = JSON.parse(text)
  if (!Array.isArray(document)) throw new Error('expected a list of {"reason", "columns"}')
  if (document.length > maxEntries) throw new Error(`${document.length} entries; expected at most ${maxEntries}`)
  return document.map((entry, at) => {
    const { reason, columns, ...others } = Object(entry)
    const [other] = Object.keys(others)
    if (other !== undefined) throw new Error(`[${at}]: ${JSON.stringify(other)} is unknown; expected reason, columns`)
    if (typeof reason !== 'string' || reason.trim() === '') throw new Error(`[${at}].reason: expected a text`)
    const pairs = typeof columns === 'object' && columns !== null ? Object.entries(columns) : []
    if (pairs.length === 0 || pairs.some(([, value]) => typeof value !== 'string')) {
      throw new Error(`[${at}].columns: expected one column or more, each with its value as text`)
    }
    return { reason, columns: Object.fromEntries(pairs) as Record<string, string> } // texts, as just seen
  })
}

/** The entry that accepts a row. */
export function knownBy(
  known: readonly KnownRow[],
  row: Readonly<Record<string, string | number | bigint | Uint8Array | null>>,
): KnownRow | undefined {
  return known.find(({ columns }) =>
    Object.entries(columns).every(([name, value]) => String(row[name] ?? '') === value),
  )
}
