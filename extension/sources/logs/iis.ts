/**
 * The W3C extended log format: Microsoft IIS, and proxies that write the same (ISA, TMG, Blue Coat).
 *
 * The columns are in the last `#Fields:` before a line; dates are UTC by the format's definition. A web server's own
 * address (`s-ip`) and referers are no contacts. https://www.w3.org/TR/WD-logfile
 */
import type { LogFormat } from '../log-format.ts'
import { isoTime } from '../log-text/calendar.ts'
import { contact, decimal } from '../log-text/contact.ts'
import { delimited, quotedWords } from '../log-text/delimited.ts'
import { usualHeadLines } from '../log-text/program-log.ts'
import { destination } from '../log-text/request.ts'

const known = /(?:^|\s)(?:cs-(?:method|uri(?:-\w+)?|host)|c-ip|sc-status|r-host|r-ip)(?:\s|$)/i

export const iis: LogFormat = {
  name: 'iis',
  about: {
    reads:
      'Requests in W3C extended logs of IIS and of proxies: host, path, user agent, cookie, the address a proxy went to.',
    blind:
      "Whatever column the log does not have: IIS writes cs-host only when told to; IIS's own older format and NCSA logs.",
    platforms: ['windows'],
  },
  headLines: usualHeadLines,
  headingPrefix: '#',
  recognises: (firstLines) => firstLines.some((line) => /^#Fields:/i.test(line) && known.test(line)),
  parse: (line, { headings }) => {
    if (line.startsWith('#')) return undefined
    const names = lastHeading(headings, 'Fields')?.toLowerCase().split(/\s+/)
    if (!names) return undefined
    const columns = line.includes('\t') ? delimited(line, '\t') : quotedWords(line)
    const column = (name: string) => {
      const value = columns[names.indexOf(name)]
      return value === undefined || value === '-' || value === '' ? undefined : value
    }
    const date = column('date') ?? lastHeading(headings, 'Date')?.slice(0, 10)
    const host = column('cs-host') ?? column('cs(host)') ?? column('cs-uri-host') ?? column('r-host')
    const port = column('cs-uri-port') ?? column('s-port')
    const query = column('cs-uri-query')
    const path = column('cs-uri-stem') ?? column('cs-uri-path') ?? '/'
    const target =
      column('cs-uri') ?? `${path}${query === undefined ? '' : `${query.startsWith('?') ? '' : '?'}${query}`}`
    const isSecure = column('cs-uri-scheme') === 'https' || port === '443'
    const method = column('cs-method') ?? column('s-operation') ?? ''
    const where = method === 'CONNECT' ? host : destination({ method, target }, host, isSecure)
    return contact([where, column('r-host'), column('r-ip')], {
      time: isoTime(`${date ?? ''} ${column('time') ?? ''}`),
      client: column('c-ip'),
      user: column('cs-username'),
      userAgent: column('cs(user-agent)')?.replaceAll('+', ' ') ?? column('c-agent'),
      cookie: column('cs(cookie)')?.replaceAll('+', ' '),
      fields: {
        method,
        status: decimal(column('sc-status')),
        bytes: decimal(column('sc-bytes')),
        outcome: column('sc-filter-result'),
      },
    })
  },
}

function lastHeading(headings: readonly string[], name: string): string | undefined {
  const start = `#${name.toLowerCase()}:`
  return headings
    .findLast((one) => one.slice(0, start.length).toLowerCase() === start)
    ?.slice(start.length)
    .trim()
}
