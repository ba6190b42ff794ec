/**
 * Which tables a statement reads, and whether they are ours.
 *
 * Names behind FROM and JOIN, comments left out. That is enough for the queries of packs, which a check prepares with
 * SQLite anyway; it is no parser.
 */

/** Names of the tables behind FROM and JOIN, each once; names that a WITH declares are left out. */
export function tablesIn(sql: string): readonly string[] {
  const bare = sql.replace(/--[^\n]*/g, '').replace(/'(?:[^']|'')*'/g, "''")
  const declared = new Set([...bare.matchAll(/\b(\w+)\s*(?:\([^()]*\))?\s+AS\s*\(/gi)].map((match) => match[1]))
  const read = [...bare.matchAll(/\b(?:FROM|JOIN)\s+(\w+)\b(?!\s*\()/gi)].map((match) => match[1] ?? '')
  return [...new Set(read)].filter((name) => !declared.has(name))
}

/** Whether a statement needs the extension. */
export function needsExtension(sql: string): boolean {
  return tablesIn(sql).some((name) => name.startsWith('threecx_'))
}
