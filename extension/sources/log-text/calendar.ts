/**
 * Times as logs write them, to unix seconds UTC.
 *
 * A zone in the text is obeyed; where there is none the time is taken as UTC, because the zone of the host that wrote the
 * log is not in the log, and every format says so in `about.blind`. Fractions are kept as exactly as a double can. What is
 * no date, or lies outside the years 1970 to 9999, is no time rather than a wrong one.
 */

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
/** End of the year 9999: the last moment that a date column can show. */
const latest = 253_402_300_799
const day = 86_400
/** Longest text that is looked at as a time. */
const maxText = 64

/** A moment by its parts, as they were written. */
export interface Moment {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  /** `14:02:11`, `14:02:11.123`, `14:02`. */
  readonly clock: string
  /** `Z`, `+0200`, `+02:00`; UTC when absent. */
  readonly zone?: string | undefined
}

/** 1 to 12 for `Mar`, in any case. */
export function monthNumber(name: string): number | undefined {
  const at = monthNames.indexOf(name.toLowerCase())
  return at < 0 ? undefined : at + 1
}

/** Unix seconds of a moment, if there is such a moment. */
export function unixSeconds(moment: Moment): number | undefined {
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:](\d{1,9}))?)?$/.exec(moment.clock)
  const zone = zoneSeconds(moment.zone)
  if (!clock || zone === undefined) return undefined
  const [hour, minute, second] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)]
  if (hour > 23 || minute > 59 || second > 60) return undefined
  const date = new Date(Date.UTC(moment.year, moment.month - 1, moment.day))
  if (moment.year < 1970 || date.getUTCMonth() + 1 !== moment.month || date.getUTCDate() !== moment.day)
    return undefined
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - zone
  return inRange(Number(`${seconds}.${clock[4] ?? '0'}`))
}

function zoneSeconds(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === '' || /^(?:z|utc|gmt)$/i.test(zone)) return 0
  const offset = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone)
  if (!offset) return undefined
  const seconds = Number(offset[2]) * 3600 + Number(offset[3] ?? 0) * 60
  return offset[1] === '-' ? -seconds : seconds
}

function inRange(seconds: number): number | undefined {
  return seconds >= 0 && seconds <= latest ? seconds : undefined
}

/** `2023-03-29T14:02:11.123Z`, `2023-03-29 14:02:11,123 +0200`, `2023/03/29 14:02`. */
export function isoTime(text: string): number | undefined {
  if (text.length > maxText) return undefined
  const parts =
    /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})[T ](\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?) ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$/i.exec(
      text,
    )
  if (!parts) return undefined
  const [, year, , month, date, clock = '', zone] = parts
  return unixSeconds({ year: Number(year), month: Number(month), day: Number(date), clock, zone })
}

/** `29/Mar/2023:14:02:11 +0200` of the common log format, `29/Mar/2023:14:02:11.123` of HAProxy, `29-Mar-2023 14:02:11.123` of BIND. */
export function namedMonthTime(text: string): number | undefined {
  if (text.length > maxText) return undefined
  const parts = /^(\d{1,2})[-/ ]([A-Za-z]{3})[-/ ](\d{4})[: ](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(?: ([+-]\d{4}))?$/.exec(
    text,
  )
  if (!parts) return undefined
  const [, date, name = '', year, clock = '', zone] = parts
  return unixSeconds({ year: Number(year), month: monthNumber(name) ?? 0, day: Number(date), clock, zone })
}

/** `Mar 29 14:02:11` of syslog: the last such moment that is not later than a day after the file's last change. */
export function yearlessTime(month: string, date: string, clock: string, mtime: number): number | undefined {
  const ending = new Date(Math.min(Math.max(mtime, 0), latest) * 1000).getUTCFullYear()
  for (let year = ending + 1; year > ending - 9; year--) {
    const seconds = unixSeconds({ year, month: monthNumber(month) ?? 0, day: Number(date), clock })
    if (seconds !== undefined && seconds <= mtime + day) return seconds
  }
  return undefined
}

/** `1680098531.123`; more than eleven digits before the point are milli-, micro- or nanoseconds. */
export function unixTime(text: string): number | undefined {
  const parts = /^(\d{9,19})(?:\.(\d{1,9})\d{0,9})?$/.exec(text)
  if (!parts) return undefined
  const [, whole = '', fraction = ''] = parts
  const cut = whole.length <= 11 ? whole.length : whole.length - (whole.length <= 14 ? 3 : whole.length <= 17 ? 6 : 9)
  return inRange(Number(`${whole.slice(0, cut)}.${whole.slice(cut)}${fraction}0`))
}

/**
 * `3/29/2023 2:02:11 PM`, `29.03.2023 14:02:11`, `29/03/2023 14:02:11`: dates as a Windows locale writes them.
 * Which number is the month is told by the halves of the day (United States), by a number above 12, by dots or dashes
 * (day first), and otherwise by the reading that is nearest to the file's last change and not a day after it.
 */
export function localeTime(text: string, mtime: number): number | undefined {
  if (text.length > maxText) return undefined
  const parts = /^(\d{1,2})([-./])(\d{1,2})\2(\d{4}) (\d{1,2}):(\d{2}:\d{2}(?:\.\d{1,9})?)(?: ([AP])\.?M\.?)?$/i.exec(
    text,
  )
  if (!parts) return isoTime(text)
  const [, first, mark, second, year, hour, rest, half] = parts
  const clock = `${half === undefined ? hour : (Number(hour) % 12) + (/p/i.test(half) ? 12 : 0)}:${rest}`
  const read = (month: number, date: number) => unixSeconds({ year: Number(year), month, day: date, clock })
  const monthFirst = read(Number(first), Number(second))
  const dayFirst = read(Number(second), Number(first))
  if (monthFirst === undefined || dayFirst === undefined) return monthFirst ?? dayFirst
  if (mark !== '/') return dayFirst
  if (half !== undefined) return monthFirst
  const [early, late] = monthFirst < dayFirst ? [monthFirst, dayFirst] : [dayFirst, monthFirst]
  return late <= mtime + day ? late : early
}

/** A time in whichever of these forms it is. */
export function anyTime(text: string, mtime: number): number | undefined {
  const yearless =
    text.length > maxText ? undefined : /^([A-Za-z]{3}) {1,2}(\d{1,2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)$/.exec(text)
  if (yearless) return yearlessTime(yearless[1] ?? '', yearless[2] ?? '', yearless[3] ?? '', mtime)
  return unixTime(text) ?? isoTime(text) ?? namedMonthTime(text.replace(/^\[|\]$/g, '')) ?? localeTime(text, mtime)
}
