/**
 * A line in the common or combined log format, alone or with what servers put before and after it.
 *
 * Before: the virtual host and its port, or the head that syslog gave it. After: referer, user agent, and columns of the server's own. The referer says
 * where a visitor came from and is no contact.
 */
import { namedMonthTime } from './calendar.ts'
import { quotedWords } from './delimited.ts'
import { isAddress } from './remote.ts'
import { type RequestLine, requestLine } from './request.ts'
import { isLogOf, syslogLine } from './syslog.ts'

/** One line, taken apart. */
export interface CombinedLine {
  readonly time?: number | undefined
  readonly client: string
  readonly user?: string | undefined
  /** Virtual host as written, with its port. */
  readonly host?: string | undefined
  readonly request?: RequestLine | undefined
  readonly status?: string | undefined
  readonly bytes?: string | undefined
  readonly userAgent?: string | undefined
  /** Columns behind the user agent. */
  readonly rest: readonly string[]
}

const stamp = / \[(\d{1,2}\/[A-Za-z]{3}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] "/
/** Host, client, names of users; longer heads are of no web server. */
const maxHead = 1024
/** request, status, bytes, referer, user agent, and a few more. */
const maxWords = 16

/** Takes a line apart; undefined when it has no date in brackets before a quote. */
export function combinedLine(line: string): CombinedLine | undefined {
  const found = stamp.exec(line.slice(0, maxHead))
  if (!found) return undefined
  const head = line.slice(0, found.index)
  const before = head.slice(head.lastIndexOf(': ') < 0 ? 0 : head.lastIndexOf(': ') + 2).split(' ')
  const hasHost = before.length >= 4 && before[1] !== '-' && (isAddress(before[1] ?? '') || before[2] === '-')
  const [client = '', , ...user] = hasHost ? before.slice(1) : before
  const [request = '', status, bytes, , userAgent, ...rest] = quotedWords(
    line,
    found.index + found[0].length - 1,
    maxWords,
  )
  return {
    time: namedMonthTime(found[1] ?? ''),
    client,
    user: user.join(' '),
    host: hasHost ? before[0] : undefined,
    request: requestLine(request),
    status,
    bytes,
    userAgent: userAgent?.replaceAll('\\"', '"'),
    rest,
  }
}

/** Whether a file has such lines of its own; those among other programs' lines are the syslog's. */
export function isCombinedLog(lines: readonly string[], programs: readonly string[]): boolean {
  const found = lines.filter((line) => combinedLine(line) !== undefined)
  return found.some((line) => syslogLine(line, 0) === undefined) || (found.length > 0 && isLogOf(lines, programs))
}
