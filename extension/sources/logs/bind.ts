/**
 * BIND's query log, in every form since 9.4, and what its response policy zones rewrote.
 *
 * `client @0x7f.. 10.0.0.5#53421 (name): view v: query: name IN A +E(0)K (10.0.0.1)`; older versions have neither the
 * pointer nor the name in brackets. The address at the end is the server's own. Behind a date of BIND's or through syslog.
 * https://bind9.readthedocs.io/en/stable/reference.html#namedconf-statement-querylog
 */
import type { LogFormat, LoggedContact } from '../log-format.ts'
import { isoTime, namedMonthTime } from '../log-text/calendar.ts'
import { contact, type Particulars } from '../log-text/contact.ts'
import { usualHeadLines } from '../log-text/program-log.ts'
import { isLogOf, syslogLine } from '../log-text/syslog.ts'

const stamp =
  /^(?:(\d{1,2}-[A-Z][a-z]{2}-\d{4} \d{2}:\d{2}:\d{2}\.\d{1,9})|(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?)) /
/** Category and severity, where they are printed. */
const category = /^(?:[a-z-]{2,24}: )?(?:(?:info|notice|warning|error|debug \d{1,3}): )?/
const client =
  /^client (?:@0x[0-9a-f]{1,16} )?([0-9a-fA-F:.]{2,45})(?:%\w{1,16})?#\d{1,5}(?:\/key [^\s:]{1,255})?(?: \(([^\s]{1,1024})\))?: (?:view [^\s:]{1,255}: )?/
const query = /^(query|response): (\S{1,1024}) [A-Z]{2,6} (\S{1,32}) (?:([A-Z]{5,9}) )?([+-]\S{0,32})/
const rewritten =
  /^(?:disabled )?rpz (\S{1,32}) (\S{1,32}) rewrite ([^\s/]{1,1024})(?:\/([A-Z0-9]{1,16})\/\S{1,16})? via /
const failed = /^query failed \(([\w ]{1,40})\) for ([^\s/]{1,1024})\/\w{1,16}\/(\w{1,16}) at /

/** What one message of named says, behind time, category and severity. */
export function bindMessage(message: string, head: Particulars): LoggedContact | undefined {
  const bare = message.slice(category.exec(message)?.[0].length ?? 0)
  const asked = client.exec(bare)
  if (!asked) return undefined
  const said = bare.slice(asked[0].length)
  const rest = { ...head, client: asked[1] }
  const found = query.exec(said)
  if (found) {
    return contact([found[2]], {
      ...rest,
      fields: { record: found[1], qtype: found[3], outcome: found[4], flags: found[5] },
    })
  }
  const policy = rewritten.exec(said)
  if (policy) {
    const isPassed = /^passthru$/i.test(policy[2] ?? '')
    const outcome = isPassed ? 'passed' : 'blocked'
    return contact([policy[3]], { ...rest, fields: { record: 'rpz', qtype: policy[4], policy: policy[2], outcome } })
  }
  const error = failed.exec(said)
  return error
    ? contact([error[2]], { ...rest, fields: { record: 'query-error', qtype: error[3], outcome: error[1] } })
    : undefined
}

export const bind: LogFormat = {
  name: 'bind',
  about: {
    reads: 'Queries, responses, failed queries and policy rewrites of BIND 9 (named), from its channels or syslog.',
    blind:
      "Nothing without a channel for the categories queries or rpz; dnstap files. Times are the server's own and taken as UTC unless print-time says iso8601-utc.",
    platforms: ['linux', 'windows', 'darwin'],
  },
  headLines: usualHeadLines,
  recognises: (firstLines) =>
    isLogOf(firstLines, ['named']) ||
    firstLines.some((line) => syslogLine(line, 0) === undefined && taken(line, 0) !== undefined),
  parse: (line, { mtime }) => {
    const found = taken(line, mtime)
    return found && bindMessage(found.message, { time: found.time })
  },
}

/** Time and message of a line that has a client in BIND's form behind a head of BIND's, of named in syslog, or none. */
function taken(line: string, mtime: number): { time?: number | undefined; message: string } | undefined {
  const own = stamp.exec(line)
  const found = own
    ? { time: namedMonthTime(own[1] ?? '') ?? isoTime(own[2] ?? ''), message: line.slice(own[0].length) }
    : (namedLine(line, mtime) ?? { message: line })
  const bare = found.message.slice(category.exec(found.message)?.[0].length ?? 0)
  return client.test(bare) ? found : undefined
}

function namedLine(line: string, mtime: number) {
  const found = syslogLine(line, mtime)
  return found?.program === 'named' ? found : undefined
}
