/**
 * squid's own access log: `time elapsed client code/status bytes method URL user hierarchy/peer type`.
 *
 * A peer that squid went to directly is a contact by its address; a parent proxy is none. A denied request is a contact
 * that was tried. https://wiki.squid-cache.org/Features/LogFormat
 */
import type { LogFormat } from '../log-format.ts'
import { unixTime } from '../log-text/calendar.ts'
import { contact, decimal } from '../log-text/contact.ts'
import { usualHeadLines } from '../log-text/program-log.ts'
import { destination } from '../log-text/request.ts'

const head = /^(\d{9,11}\.\d{1,6}) {1,16}-?\d{1,12} (\S{1,255}) ([A-Z_]{3,48})\/(\d{1,3}) (\d{1,15}) (\S{1,32}) /
const tail = / (\S{1,255}) ([A-Z_]{3,48})\/(\S{1,255}) \S{1,255}(?: |$)/

export const squid: LogFormat = {
  name: 'squid',
  about: {
    reads:
      'Requests through the squid proxy in its native log, with the client, the user and the address squid went to.',
    blind:
      'Paths inside TLS, of which only the CONNECT is logged; user agents; intercepted TLS without SNI shows an address.',
    platforms: ['linux', 'windows', 'darwin'],
  },
  headLines: usualHeadLines,
  recognises: (firstLines) => firstLines.some((line) => head.test(line)),
  parse: (line) => {
    const start = head.exec(line)
    if (!start) return undefined
    const [before, time = '', client, code = '', status, bytes, method = ''] = start
    const gap = line.indexOf(' ', before.length)
    const target = line.slice(before.length, gap < 0 ? undefined : gap)
    const end = gap < 0 ? null : tail.exec(line.slice(gap, gap + 1024))
    const [, user, hierarchy, peer] = end ?? []
    const isDirect = hierarchy !== undefined && /(?:DIRECT|PINNED)$/.test(hierarchy)
    return contact([destination({ method, target }) ?? connected(target), isDirect ? peer : undefined], {
      time: unixTime(time),
      client,
      user,
      fields: {
        method,
        status: decimal(status),
        bytes: decimal(bytes),
        cache: code,
        hierarchy,
        outcome: /DENIED/.test(code) ? 'blocked' : undefined,
      },
    })
  },
}

/** Squid writes what it intercepts as `host:443`, whatever the method. */
function connected(target: string): string | undefined {
  return /:\d{1,5}$/.test(target) ? target : undefined
}
