/**
 * The text of a line that a search found, as parsers want it.
 */
import type { FoundLine } from '../../native/lines.ts'

const decoder = new TextDecoder()

/**
 * Without zeros before it: a log has them where it was cut while its writer went on, or where power failed before the
 * data came to the disk. What is no UTF-8 becomes U+FFFD.
 */
export function foundText({ bytes }: Pick<FoundLine, 'bytes'>): string {
  let at = 0
  while (bytes[at] === 0) at++
  return decoder.decode(bytes.subarray(at))
}

/** Of a found line that is cut and says nothing: what is sought is in it, and nobody can tell what it means. */
export function unreadable({ offset }: Pick<FoundLine, 'offset'>, format: string) {
  const message = `a line that holds what is sought is too long to be read as ${format}; see byte ${offset}`
  return { problem: { code: 'too_big', message } }
}
