/**
 * The line of an event as a piece of a larger JSON document.
 *
 * A line is JSON already and comes from our own spool, whose checksum it passed: it is put in as it stands and never
 * parsed for that. What looks like no object goes as a JSON string, so that it cannot end the document around it.
 */
import type { SpooledEvent } from '../../extension/domain/result-event.ts'

/** The line as a JSON value on one line. */
export function jsonOf({ line }: Pick<SpooledEvent, 'line'>): string {
  const text = line.trim()
  if (!text.startsWith('{') || !text.endsWith('}')) return JSON.stringify(line)
  // A raw line end stands only between the tokens of JSON, never inside a string of it.
  return /[\r\n]/.test(text) ? text.replace(/[\r\n]+/g, ' ') : text
}

/** A text as a JSON object; nothing where it is none. For answers, and for receivers that want single fields of a line. */
export function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Length of a list in words, for messages. */
export function eventsInWords(count: number): string {
  return count === 1 ? '1 event' : `${count} events`
}
