/**
 * systemd-resolved's messages in the journal or syslog, which name what was looked up once its log level is `debug`.
 *
 * Its messages are words for people and change between versions; what is read is the resource key in them
 * (`name IN A`), behind the phrases that stand for a look-up of a client. Who asked is not in them.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd-resolved.service.html
 */
import type { LoggedContact } from '../log-format.ts'
import { contact, type Particulars } from '../log-text/contact.ts'
import { programLog } from '../log-text/program-log.ts'

const key = String.raw`(?:<|\b)([^\s<>]{3,255}) IN ([A-Z0-9]{1,16})\b`
const phrases: readonly (readonly [string, RegExp])[] = [
  ['query', new RegExp(`^Looking up (?:bus |varlink )?RR for ${key}`)],
  [
    'transaction',
    new RegExp(String.raw`^(?:Regular )?(?:Firing |Restarting )?(?:regular )?[Tt]ransaction \d{1,10} for ${key}`),
  ],
  ['cached', new RegExp(`^(?:Positive|Negative|NODATA|NXDOMAIN) cache hit for ${key}`)],
  ['cached', new RegExp(`^Added (?:positive|negative|NXDOMAIN|NODATA) .{0,64}?cache entry for ${key}`)],
  ['cache miss', new RegExp(`^Cache miss for ${key}`)],
]
const older = /^Looking up RR for IN ([A-Z0-9]{1,16}) ([^\s<>]{3,255})$/

/** What one message of systemd-resolved says. */
export function resolvedMessage(message: string, head: Particulars): LoggedContact | undefined {
  const text = message.slice(0, 1024)
  for (const [record, phrase] of phrases) {
    const found = phrase.exec(text)
    if (found) {
      const outcome = /\bNXDOMAIN\b/.test(text) ? 'NXDOMAIN' : /\bNODATA\b/.test(text) ? 'NODATA' : undefined
      return contact([found[1]], { ...head, fields: { record, qtype: found[2], outcome } })
    }
  }
  const first = older.exec(text)
  return first ? contact([first[2]], { ...head, fields: { record: 'query', qtype: first[1] } }) : undefined
}

export const systemdResolved = programLog({
  name: 'systemd_resolved',
  about: {
    reads: 'Look-ups of systemd-resolved in text of the journal or syslog.',
    blind:
      'Everything, unless resolved logs at level debug; who asked. Times without a zone are taken as UTC, and without a year take it from the file.',
    platforms: ['linux'],
  },
  programs: ['systemd-resolved', 'systemd-resolve'],
  readMessage: resolvedMessage,
})
