/**
 * The debug log of Microsoft's DNS server (`dns.log`), one line for each packet.
 *
 * `3/29/2023 2:02:11 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5  a1b2   Q [0001   D   NOERROR] A  (3)www(7)example(3)com(0)`
 * Names stand as labels with their lengths, which is why a sought name has to be spelt so for the native search. Dates are
 * in the server's locale. https://learn.microsoft.com/windows-server/networking/dns/dns-logging-and-diagnostics
 */
import type { LogFormat } from '../log-format.ts'
import { localeTime } from '../log-text/calendar.ts'
import { contact } from '../log-text/contact.ts'

const packet =
  /^((?:\d{8}|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}) \d{1,2}:\d{2}:\d{2}(?: [AP]\.?M\.?)?) {1,2}[0-9A-F]{3,8} PACKET {1,4}(?:[0-9A-F]{8,16} )?(UDP|TCP) (Rcv|Snd) ([0-9a-fA-F:.]{2,45}) {1,48}[0-9a-f]{4} ([R ]) ([QNU?]) \[[0-9a-f]{4}[ATDR ]{0,16}?([A-Z0-9]{3,12})\] ([A-Z0-9]{1,16}) {1,16}/
const banner = /^(?:DNS Server log file creation at |Message logging key )/
/** A DNS name has at most 127 labels. */
const maxLabels = 128

/** `(3)www(7)example(3)com(0)` -> `www.example.com`; undefined where lengths and labels disagree. */
export function labelledName(text: string): string | undefined {
  const labels: string[] = []
  let at = 0
  for (let count = 0; count < maxLabels; count++) {
    const head = /^\((\d{1,2})\)/.exec(text.slice(at, at + 4))
    if (!head) return undefined
    const length = Number(head[1])
    if (length === 0) return labels.join('.')
    at += head[0].length
    const label = text.slice(at, at + length)
    if (label.length < length || /[.()\s]/.test(label)) return undefined
    labels.push(label)
    at += length
  }
  return undefined
}

/** How a name stands in this log: `pbxsources.com` -> `(10)pbxsources(3)com`. */
export function labelledSpelling(name: string): string {
  return name
    .split('.')
    .map((label) => `(${label.length})${label}`)
    .join('')
}

export const windowsDns: LogFormat = {
  name: 'windows_dns',
  about: {
    reads: 'Standard queries and their responses in the debug log of the Windows DNS server, with the name asked for.',
    blind:
      "Packets that the log's filter leaves out; answers, which stand on lines of their own; the analytic log (ETW). Times are in the server's zone and taken as UTC; day and month are told apart by the rest of the log line and the file's date.",
    platforms: ['windows'],
  },
  headLines: 40,
  spelling: labelledSpelling,
  recognises: (firstLines) => firstLines.some((line) => banner.test(line) || packet.test(line)),
  parse: (line, { mtime }) => {
    const found = packet.exec(line)
    if (found?.[6] !== 'Q') return undefined
    const [, time = '', protocol, direction, remote, response, , code, qtype] = found
    const isResponse = response === 'R'
    const isClient = (direction === 'Rcv') !== isResponse
    const outcome = isResponse ? code : undefined
    const fields = {
      record: isResponse ? 'response' : 'query',
      qtype,
      protocol,
      outcome,
      ...(!isClient && { upstream: remote }),
    }
    return contact([labelledName(line.slice(found[0].length).trimEnd())], {
      time: localeTime(time.replace(/^(\d{4})(\d{2})(?=\d{2} )/, '$1-$2-'), mtime),
      client: isClient ? remote : undefined,
      fields,
    })
  },
}
