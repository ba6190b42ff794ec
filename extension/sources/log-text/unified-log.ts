/**
 * Lines of macOS' unified log as `log show` prints them: ndjson, syslog, compact, and the default style.
 *
 * Only JSON has the path of the program and the user; the others have its name. The pretty-printed style `json` is no log of
 * lines. Compact has no zone and is taken as UTC. The styles are those of the manual page log(1).
 */
import { isoTime } from './calendar.ts'
import { isObject, jsonObject, textAt, valueAt } from './json-record.ts'

/** One line. */
export interface UnifiedLine {
  readonly time: number | undefined
  /** Path of the program; its name where the style has no path. */
  readonly program: string
  readonly pid: number | undefined
  readonly uid: number | undefined
  /** Path or name of the library that wrote the message; empty when it is the program. */
  readonly sender: string
  readonly subsystem: string
  readonly message: string
}

const date = String.raw`(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}`
const syslog = new RegExp(String.raw`^${date}\.\d{6}[+-]\d{4}) {2}(\S{1,255}) ([^[\]]{1,64})\[(\d{1,10})\]: `)
const compact = new RegExp(
  String.raw`^${date}\.\d{3}) {1,2}[A-Z][a-z]? {1,4}([^[\]]{1,64})\[(\d{1,10}):[0-9a-f]{1,16}\] `,
)
const usual = new RegExp(
  String.raw`^${date}\.\d{6}[+-]\d{4}) 0x[0-9a-f]{1,16} {1,12}[A-Z][A-Za-z]{2,16} {1,16}0x[0-9a-f]{1,16} {1,24}(\d{1,10}) {1,8}\d{1,5} {1,8}([^:]{1,64}): `,
)
/** `(CFNetwork) [com.apple.CFNetwork:Default] ` */
const origin = /^(?:\(([^()]{1,128})\) )?(?:\[([^\][:]{1,128}):[^\][]{0,128}\] )?/

/** Takes a line apart; undefined for one that is none. */
export function unifiedLine(line: string): UnifiedLine | undefined {
  if (line.startsWith('{')) return ofJson(line)
  const head = line.slice(0, 1024)
  const found = syslog.exec(head)
  if (found) return ofText(line, found, found[3], found[4])
  const short = compact.exec(head)
  if (short) return ofText(line, short, short[2], short[3])
  const full = usual.exec(head)
  return full ? ofText(line, full, full[3], full[2]) : undefined
}

function ofText(line: string, head: RegExpExecArray, program = '', pid = ''): UnifiedLine {
  const rest = line.slice(head[0].length)
  const [whole = '', sender = '', subsystem = ''] = origin.exec(rest) ?? []
  const time = isoTime(head[1] ?? '')
  return {
    time,
    program: program.trim(),
    pid: Number(pid),
    uid: undefined,
    sender,
    subsystem,
    message: rest.slice(whole.length),
  }
}

function ofJson(line: string): UnifiedLine | undefined {
  const record = jsonObject(line)
  const message = record && textAt(record, 'eventMessage')
  if (!isObject(record) || message === undefined || valueAt(record, 'machTimestamp') === undefined) return undefined
  const whole = (name: string) => {
    const value = valueAt(record, name)
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined
  }
  const program = textAt(record, 'processImagePath') ?? ''
  const sender = textAt(record, 'senderImagePath') ?? ''
  return {
    time: isoTime(textAt(record, 'timestamp') ?? ''),
    program,
    pid: whole('processID'),
    uid: whole('userID'),
    sender: sender === program ? '' : sender,
    subsystem: textAt(record, 'subsystem') ?? '',
    message,
  }
}

/** Whether some first lines are of such a log: its heading, or a line of it. */
export function isUnifiedLog(lines: readonly string[]): boolean {
  return lines.some(
    (line) =>
      /^Timestamp {3,32}(?:\(process\)\[PID\]|Thread +Type|Ty Process\[)/.test(line) || unifiedLine(line) !== undefined,
  )
}
