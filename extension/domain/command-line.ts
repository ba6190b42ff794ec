/**
 * Command lines as indicators publish them: parts that occur in order, whatever stands between them.
 *
 * Parts are separated by spaces; double quotes hold one together (`sh -c "/3CX Desktop App/UpdateAgent"` has three).
 * Quoting of a running process's line is the shell's business and not compared. ASCII case is ignored, as the file
 * systems of Windows and macOS do.
 */
import { foldAscii } from './glob.ts'

/** The parts of an indicator's value, folded. */
export function commandLineParts(value: string): string[] {
  return [...foldAscii(value).matchAll(/"([^"]*)"|(\S+)/g)].flatMap(([, quoted, word]) => quoted ?? word ?? [])
}

/** Whether a command line has all the parts, in order. */
export function hasParts(line: string, parts: readonly string[]): boolean {
  const folded = foldAscii(line)
  let at = 0
  for (const part of parts) {
    const found = folded.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return parts.length > 0
}
