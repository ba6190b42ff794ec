/**
 * Status lines of osquery: JSON that old versions wrote badly, in objects with one-letter keys.
 *
 * Current ones send an array. Old ones serialised a property tree: an object whose members all have the empty name,
 * numbers as text. An empty log is an empty array, or nothing at all. What cannot be read at all is kept as one line.
 */

/** A status line. Severity: 0 info, 1 warning, 2 error, 3 fatal. */
export interface StatusLine {
  readonly severity: number
  readonly file: string
  readonly line: number
  readonly message: string
  /** The host's identifier, where osquery gave it. */
  readonly host: string
  /** As osquery writes it: `Mon Nov 23 15:51:37 2026 UTC`. */
  readonly calendarTime: string
  /** Unix seconds; 0 when it was not given. */
  readonly unixTime: number
}

/** Reads the `log` of a status or init request. */
export function parseStatusLines(log: string): StatusLine[] {
  const text = log.trim()
  if (text === '') return []
  const parsed = tryParse(text) ?? tryParse(asArray(text))
  if (!Array.isArray(parsed)) return [{ ...blank, severity: 1, message: text }]
  return parsed.filter((one) => typeof one === 'object' && one !== null).map(toLine)
}

const blank: StatusLine = { severity: 0, file: '', line: 0, message: '', host: '', calendarTime: '', unixTime: 0 }

/** An array, or one line outside of any array. */
function tryParse(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value)) return value
    return typeof value === 'object' && value !== null && 'm' in value ? [value] : undefined
  } catch {
    return undefined
  }
}

/** Members without names become elements: `{"":{...},"":{...}}` is `[{...},{...}]`. Strings are left as they are. */
function asArray(text: string): string {
  const unnamed = text.replace(/"(?:[^"\\]|\\.)*"(?:\s*:(?=\s*\{))?/g, (part) => (/^""\s*:$/.test(part) ? '' : part))
  return unnamed.replace(/^\{/, '[').replace(/\}$/, ']')
}

function toLine(value: object): StatusLine {
  const { s, f, i, m, h, c, u } = value as Readonly<Record<string, unknown>>
  return {
    severity: number(s),
    file: text(f),
    line: number(i),
    message: text(m),
    host: text(h),
    calendarTime: text(c),
    unixTime: number(u),
  }
}

function number(value: unknown): number {
  const found = Number(value ?? 0)
  return Number.isFinite(found) ? found : 0
}

function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}
