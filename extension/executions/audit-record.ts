/**
 * One line of Linux' audit log: its type, the event it belongs to, and its fields.
 *
 * A value stands in quotes, or in hex where it holds anything unusual (a space, a quote), or as it is. Enriched logs have
 * the names of ids behind a group separator. The forms are those of the manual pages auditd.conf(5) and ausearch(8).
 */

/** One line. */
export interface AuditRecord {
  readonly type: string
  /** `1680098400.123:4711`; the same for all lines of an event. */
  readonly event: string
  /** Unix seconds. */
  readonly time: number
  readonly fields: ReadonlyMap<string, string>
  /** Names behind the separator, by the upper-case name of their field. */
  readonly names: ReadonlyMap<string, string>
}

/** A record has some dozens; EXECVE may have thousands of arguments. */
const maxFields = 512

/** The line; undefined for what is none. A name of a machine or a syslog header may stand before it. */
export function auditRecord(line: string): AuditRecord | undefined {
  const found = /(?:^|\s)type=([A-Z0-9_]{2,32}) msg=audit\((\d{1,11}\.\d{3}):(\d{1,12})\): ?/.exec(line.slice(0, 512))
  if (!found) return undefined
  const [head, type = '', time = '', serial = ''] = found
  const [whole = '', enriched = ''] = line.slice(found.index + head.length).split('\x1d', 2)
  const rest = whole.replace(/\bmsg='([^']*)'/, ' $1 ') // what a program of its own says
  return { type, event: `${time}:${serial}`, time: Number(time), fields: pairs(rest), names: pairs(enriched) }
}

function pairs(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  const pair = /([A-Za-z0-9_-]{1,32})(\[\d{1,4}\])?=(?:"([^"]*)"|(\S*))/g
  for (const [, name = '', piece, quoted, plain = ''] of text.matchAll(pair)) {
    if (fields.size >= maxFields) break
    const value = quoted ?? unhexed(name, plain)
    const before = fields.get(name)
    if (before === undefined) fields.set(name, value)
    else if (piece !== undefined) fields.set(name, before + value) // a long argument comes in pieces: a1[0]=, a1[1]=
  }
  return fields
}

/** Fields that are written in hex when they must. */
const texts = /^(?:a\d{1,4}|exe|comm|name|cwd|proctitle|cmd)$/

function unhexed(name: string, value: string): string {
  const isHex = texts.test(name) && value.length >= 2 && /^(?:[0-9A-F]{2})+$/.test(value)
  if (!isHex) return value
  const text = Buffer.from(value, 'hex').toString('utf8')
  return name === 'proctitle' ? text : text.replaceAll('\0', ' ') // whose arguments zeros divide
}
