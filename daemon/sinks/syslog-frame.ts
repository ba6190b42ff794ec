/**
 * A line as a syslog message (RFC 5424), and as an octet-counted frame (RFC 6587, RFC 5425).
 *
 * Id, sequence and checksum stand in structured data, so that gaps and repeats show without parsing the line. The line
 * is sent as it is, but for raw control characters: they are written as JSON escapes, which mean the same, because
 * receivers replace or cut at them. A line with characters beyond ASCII begins with the byte order mark, as the RFC asks.
 */
import type { SpooledEvent } from '../../extension/domain/result-event.ts'

/** What stands in every header. */
export interface SyslogHeader {
  /** 0 to 23. */
  readonly facility: number
  readonly host: string
  readonly appName: string
  readonly processId: number
  /** Private enterprise number behind the name of the structured data. */
  readonly enterprise: number
  /** Whether a line beyond ASCII begins with the byte order mark. */
  readonly hasMark: boolean
}

/** Severities of RFC 5424. */
const critical = 2
const error = 3
const warning = 4
const notice = 5
const informational = 6

const byLevel: Readonly<Record<string, number>> = {
  critical,
  high: error,
  medium: warning,
  low: notice,
  informational,
}

/** osquery's own severities of status lines. */
const byStatus: Readonly<Record<string, number>> = { '0': informational, '1': warning, '2': error, '3': critical }

const byteOrderMark = '\u{feff}'

/** Bytes that a message may have beside its line. */
export const maxHeaderBytes = 1100

/** The message, without framing. */
export function syslogMessage(event: SpooledEvent, header: SyslogHeader): Buffer {
  const priority = header.facility * 8 + severityOf(event)
  const time = new Date(Math.trunc(event.unixTime) * 1000)
  const stamp = Number.isNaN(time.getTime()) ? '-' : time.toISOString().replace('.000Z', 'Z')
  const host = field(header.host, 255)
  const data = [
    ['id', event.id],
    ['sequence', String(event.sequence)],
    ['crc32', event.checksum.toString(16).padStart(8, '0')],
    ...(event.query === '' ? [] : [['query', event.query]]),
  ].map(([name, value]) => ` ${name}="${parameter(value ?? '')}"`)
  const head = `<${priority}>1 ${stamp} ${host} ${field(header.appName, 48)} ${header.processId} ${event.kind}`
  const line = event.line.replace(/[\0-\x1f\x7f]/g, escapeControl)
  const mark = !header.hasMark || /^[\x20-\x7e]*$/.test(line) ? '' : byteOrderMark
  return Buffer.from(`${head} [threecx@${header.enterprise}${data.join('')}] ${mark}${line}`)
}

/** The message with its length before it. */
export function octetCounted(message: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${message.length} `), message])
}

/** Severity by the level of what was found; what disappeared is informational, what names no level a notice. */
export function severityOf(event: SpooledEvent): number {
  const parsed = parse(event.line)
  if (event.kind === 'status') return byStatus[String(parsed['severity'])] ?? notice
  if (parsed['action'] === 'removed') return informational
  const snapshot = parsed['snapshot']
  const rows = Array.isArray(snapshot) ? snapshot : [parsed['columns']]
  const severities = rows.flatMap((row: unknown) => {
    const level = isRecord(row) ? row['level'] : undefined
    return typeof level === 'string' && Object.hasOwn(byLevel, level) ? [byLevel[level] ?? notice] : []
  })
  return severities.reduce((a, b) => Math.min(a, b), severities.length === 0 ? notice : informational)
}

function parse(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Between the tokens of JSON a control character is white space, inside a string it must have been escaped or is DEL. */
function escapeControl(character: string): string {
  return character === '\x7f' ? '\\u007f' : ' '
}

/** A field of the header: printable ASCII without spaces. */
function field(text: string, max: number): string {
  return text.replace(/[^\x21-\x7e]/g, '_').slice(0, max) || '-'
}

/** A value of structured data: quoted, escaped, bounded; without control characters and halves of surrogates. */
function parameter(text: string): string {
  const bounded = text
    .replace(/[\0-\x1f\x7f]/g, '_')
    .slice(0, 100)
    .toWellFormed()
  return bounded.replace(/["\\\]]/g, (one) => `\\${one}`)
}
