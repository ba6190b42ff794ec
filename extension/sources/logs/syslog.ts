/**
 * A syslog, or text of the journal, where many programs write: each line goes to the format of its program.
 *
 * Only after the programs' own formats: their files are recognised by nobody else writing to them.
 */
import type { LogContext, LogFormat, LoggedContact } from '../log-format.ts'
import type { Particulars } from '../log-text/contact.ts'
import { usualHeadLines } from '../log-text/program-log.ts'
import { syslogLine } from '../log-text/syslog.ts'
import { bindMessage } from './bind.ts'
import { combined } from './combined.ts'
import { corednsMessage } from './coredns.ts'
import { dnsmasqMessage } from './dnsmasq.ts'
import { filterlogMessage } from './filterlog.ts'
import { haproxyMessage } from './haproxy.ts'
import { squid } from './squid.ts'
import { squidCombined } from './squid-combined.ts'
import { suricata } from './suricata.ts'
import { resolvedMessage } from './systemd-resolved.ts'
import { unboundMessage } from './unbound.ts'

type Message = (message: string, head: Particulars, context: LogContext) => LoggedContact | undefined

/** A message that is a line of another format, whole: it carries a time of its own. */
function lineOf(...formats: readonly LogFormat[]): Message {
  return (message, _, context) => {
    for (const format of formats) {
      const found = format.parse(message, context)
      if (found) return found
    }
    return undefined
  }
}

const programs: ReadonlyMap<string, Message> = new Map([
  ['(squid-1)', lineOf(squid, squidCombined)],
  ['apache2', lineOf(combined)],
  ['coredns', corednsMessage],
  ['dnsmasq', dnsmasqMessage],
  ['filterlog', filterlogMessage],
  ['haproxy', haproxyMessage],
  ['httpd', lineOf(combined)],
  ['named', bindMessage],
  ['nginx', lineOf(combined)],
  ['pihole-FTL', dnsmasqMessage],
  ['squid', lineOf(squid, squidCombined)],
  ['suricata', lineOf(suricata)],
  ['systemd-resolve', resolvedMessage],
  ['systemd-resolved', resolvedMessage],
  ['unbound', unboundMessage],
])

/** What a message says, read as its program writes; the fields name the program. */
export function programMessage(
  program: string,
  message: string,
  head: Particulars,
  context: LogContext,
): LoggedContact | undefined {
  const said = programs.get(program)?.(message, head, context)
  return said && { ...said, fields: { ...said.fields, program } }
}

export const syslog: LogFormat = {
  name: 'syslog',
  about: {
    reads:
      'Lines of dnsmasq, BIND, unbound, CoreDNS, systemd-resolved, HAProxy, nginx, Apache, squid, filterlog and Suricata in a syslog of many programs or in text of journalctl.',
    blind:
      'Every other program; binary journals. Times without a zone are taken as UTC, and without a year take it from the file.',
    platforms: ['linux', 'darwin'],
  },
  headLines: usualHeadLines,
  recognises: (firstLines) => firstLines.some((line) => syslogLine(line, 0) !== undefined),
  parse: (line, context) => {
    const found = syslogLine(line, context.mtime)
    return found && programMessage(found.program, found.message, { time: found.time }, context)
  },
}
