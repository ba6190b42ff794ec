/**
 * Splits a text of SQL into its statements: osquery runs all of them, the engine one at a time.
 */

/** Strings, quoted names and comments, in which a semicolon means nothing; an unclosed one reaches to the end. */
const token =
  /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|;|[^;'"`[/-]+|[\s\S]/g

/** The statements, without those that are blank. */
export function statements(sql: string): string[] {
  const found: string[] = []
  let text = ''
  let isBlank = true
  const end = () => {
    if (!isBlank) found.push(text)
    text = ''
    isBlank = true
  }
  for (const [part] of sql.matchAll(token)) {
    if (part === ';') {
      end()
      continue
    }
    text += part
    if (!part.startsWith('--') && !part.startsWith('/*') && part.trim() !== '') isBlank = false
  }
  end()
  return found
}
