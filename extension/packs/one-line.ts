/**
 * A statement on one line, for whoever folds lines: Kibana replaces every end of line by a blank on the way to its agents.
 *
 * A comment that runs to the end of its line would then swallow the rest of the statement, so comments go. What stands
 * in quotes stays as it is. This is no parser: SQLite has prepared the statement before.
 */

/** Texts and names in quotes; comments of both kinds and blanks, as many as there are in a row. */
const pieces = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|(?:--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\s)+/g

/** The statement without comments and with single blanks. */
export function oneLine(sql: string): string {
  return sql.replace(pieces, (piece) => (isQuoted(piece) ? piece : ' ')).trim()
}

/** Quoted pieces that folding would change: blanks in a row, or an end of line. */
export function quotedBlanks(sql: string): readonly string[] {
  return (sql.match(pieces) ?? []).filter((piece) => isQuoted(piece) && /\s{2}|[^\S ]/.test(piece))
}

function isQuoted(piece: string): boolean {
  return /^['"`[]/.test(piece)
}
