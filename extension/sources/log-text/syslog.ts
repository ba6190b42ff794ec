/**
 * The head of a line that went through syslog or the journal: time, host, program, process id; what follows is the message.
 *
 * Read are the BSD form (no year, no zone), RFC 5424, rsyslog's ISO times, the outputs of `journalctl`, `logread` of
 * OpenWrt, and files that a daemon writes itself with the same head but no host name. The program is the first word of
 * the head that ends in a colon; nothing is guessed from the message.
 */
import { isoTime, unixTime, yearlessTime } from './calendar.ts'

/** One line, taken apart. */
export interface SyslogLine {
  readonly time?: number | undefined
  /** As written, without a path: `dnsmasq`, `filterlog`. */
  readonly program: string
  readonly pid?: number | undefined
  readonly message: string
}

const clock = String.raw`\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?`
const priority = /^<\d{1,3}>/
const bsd = new RegExp(
  String.raw`^(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(${clock})(?: (\d{4}))?:? `,
)
const iso =
  /^(?:[A-Z][a-z]{2} )?(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?)(?: [A-Z]{3,5})? /
const unix = /^(\d{9,11}\.\d{1,9}) /
const monotonic = /^\[ {0,12}\d{1,10}\.\d{1,9}\] /
const rfc5424 = /^1 (\S{1,64}) (\S{1,255}) (\S{1,64}) (\S{1,128}) (\S{1,64}) /
const tag = /^([^\s[\]:]{1,64})(?:\[(\d{1,10})(?:[:.]\d{1,10})?\])?:$/
/** Words between the time and the message: a host, OpenWrt's facility, the tag. */
const maxWords = 3

/** Takes a line apart; undefined when it has no such head. `mtime` gives the year where there is none. */
export function syslogLine(line: string, mtime: number): SyslogLine | undefined {
  const start = priority.exec(line)?.[0].length ?? 0
  const head = line.slice(start, start + 1024)
  const modern = start > 0 ? rfc5424.exec(head) : null
  if (modern) return structured(line.slice(start + modern[0].length), modern)
  const stamp = bsd.exec(head) ?? iso.exec(head) ?? unix.exec(head) ?? monotonic.exec(head)
  if (!stamp) return undefined
  let at = start + stamp[0].length
  for (let words = 0; words < maxWords; words++) {
    const end = line.indexOf(' ', at)
    const found = tag.exec(line.slice(at, end < 0 ? undefined : Math.min(end, at + 200)))
    if (found) {
      const message = end < 0 ? '' : line.slice(end + 1)
      return { time: timeOf(stamp, mtime), program: programName(found[1]), pid: pidOf(found[2]), message }
    }
    if (end < 0) return undefined
    at = end + 1
  }
  return undefined
}

/** The message of an RFC 5424 line, behind its structured data (`-` or any number of `[id name="value"]`). */
function structured(rest: string, head: RegExpExecArray): SyslogLine {
  const data = rest.startsWith('[')
    ? /^(?:\[(?:[^\]\\"]|"(?:[^"\\]|\\.)*"|\\.)*\])+ ?/.exec(rest.slice(0, 8192))
    : /^- ?/.exec(rest)
  return {
    time: isoTime(head[1] ?? ''),
    program: programName(head[3]),
    pid: pidOf(head[4]),
    message: rest.slice(data?.[0].length ?? 0).replace(/^\uFEFF/, ''),
  }
}

function programName(written: string | undefined): string {
  return written?.slice(written.lastIndexOf('/') + 1) ?? ''
}

function pidOf(digits: string | undefined): number | undefined {
  return digits !== undefined && /^\d{1,10}$/.test(digits) ? Number(digits) : undefined
}

function timeOf(stamp: RegExpExecArray, mtime: number): number | undefined {
  const [, first = '', date, before, time, after] = stamp
  if (date === undefined) return isoTime(first) ?? unixTime(first)
  const year = before ?? after
  return year === undefined
    ? yearlessTime(first, date, time ?? '', mtime)
    : yearlessTime(first, date, time ?? '', Date.UTC(Number(year) + 1, 0, 1) / 1000 - 86_401)
}

/** Whether a text came through syslog from these programs, and from no other. */
export function isLogOf(lines: readonly string[], programs: readonly string[]): boolean {
  const found = lines.flatMap((line) => syslogLine(line, 0)?.program ?? [])
  return found.length > 0 && found.every((program) => programs.includes(program))
}
