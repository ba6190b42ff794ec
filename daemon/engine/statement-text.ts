/**
 * Statements in messages.
 */

/** A statement on one line, quoted, and not all of a long one. */
export function shortened(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim()
  return JSON.stringify(line.length > 120 ? `${line.slice(0, 117)}...` : line)
}
