/**
 * CoreDNS with its log plugin, as written to the console, kept by a container runtime (CRI or Docker's JSON) or the journal.
 *
 * `[INFO] 10.0.0.5:41234 - 4711 "A IN name. udp 45 false 512" NOERROR qr,rd,ra 80 0.012s`
 * https://coredns.io/plugins/log/
 */
import type { LogFormat, LoggedContact } from '../log-format.ts'
import { isoTime } from '../log-text/calendar.ts'
import { contact, decimal, type Particulars } from '../log-text/contact.ts'
import { jsonObject, textAt } from '../log-text/json-record.ts'
import { usualHeadLines } from '../log-text/program-log.ts'
import { withoutPort } from '../log-text/remote.ts'
import { isLogOf, syslogLine } from '../log-text/syslog.ts'

const record =
  /^\[INFO\] (?:plugin\/log: )?(\S{3,64}) - (\d{1,6}) "(\S{1,16}) [A-Z]{2,6} (\S{1,1024}) (\w{1,8}) \d{1,6} (?:true|false) \d{1,6}" (\S{1,16}) (\S{1,40}) (\d{1,9}) /
const stamp =
  /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})) (?:std(?:out|err) [FP] )?(?=\[)/

/** What one message of CoreDNS says. */
export function corednsMessage(message: string, head: Particulars): LoggedContact | undefined {
  const found = record.exec(message)
  if (!found) return undefined
  const [, client = '', , qtype, name, protocol, outcome, , bytes] = found
  return contact([name], {
    ...head,
    client: withoutPort(client),
    fields: { qtype, protocol, outcome, bytes: decimal(bytes) },
  })
}

export const coredns: LogFormat = {
  name: 'coredns',
  about: {
    reads: 'Queries and their response codes by the log plugin of CoreDNS, also from container logs.',
    blind:
      'Nothing without the log plugin; the addresses of answers; the time, where neither CoreDNS nor the runtime wrote one.',
    platforms: ['linux', 'windows', 'darwin'],
  },
  headLines: usualHeadLines,
  recognises: (firstLines) =>
    isLogOf(firstLines, ['coredns']) ||
    firstLines.some((line) => syslogLine(line, 0) === undefined && record.test(taken(line, 0).message)),
  parse: (line, { mtime }) => {
    const { time, message } = taken(line, mtime)
    return corednsMessage(message, { time })
  },
}

/** Time and message, whoever kept the line. */
function taken(line: string, mtime: number): { time?: number | undefined; message: string } {
  const stamped = stamp.exec(line)
  if (stamped) return { time: isoTime(stamped[1] ?? ''), message: line.slice(stamped[0].length) }
  if (line.startsWith('{"log":')) {
    const kept = jsonObject(line)
    return { time: isoTime(textAt(kept, 'time') ?? ''), message: textAt(kept, 'log') ?? '' }
  }
  const found = line.startsWith('[') ? undefined : syslogLine(line, mtime)
  return found?.program === 'coredns' ? found : { message: line }
}
