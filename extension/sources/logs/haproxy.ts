/**
 * HAProxy with `option httplog` or `option httpslog`, through syslog.
 *
 * Which headers are captured is the configuration's choice and not in the log, so a captured value counts by what it is:
 * a host name is the Host, `Mozilla/...` the user agent. A captured referer is a URL and no contact. HTTP/2 requests and
 * those of a forward proxy carry whole URLs. https://docs.haproxy.org/2.8/configuration.html#8.2.3
 */
import type { LoggedContact } from '../log-format.ts'
import { isoTime, namedMonthTime } from '../log-text/calendar.ts'
import { contact, decimal, type Particulars } from '../log-text/contact.ts'
import { programLog } from '../log-text/program-log.ts'
import { isHostName, withoutPort } from '../log-text/remote.ts'
import { destination, requestLine } from '../log-text/request.ts'

const head =
  /^(\S{2,64}):(\d{1,5}) \[([^\]]{10,40})\] (\S{1,128}) (\S{1,255}) ([-+\d]{1,16}(?:\/[-+\d]{1,16}){3,5}) ([-\d]{1,4}) \+?(\d{1,15}) (\S{1,4096}) (\S{1,4096}) (\S{4}) [\d+/]{3,64} \d{1,10}\/\d{1,10} /
const sni = /" (?:[\w-]{1,32}\/){2,5}[\w-]{1,32} (\S{1,255})\/(?:TLSv|SSLv)/
/** Blocks of captured headers: of the request, of the response. */
const maxBlocks = 2

/** What one message of HAProxy says. */
export function haproxyMessage(message: string, syslogHead: Particulars): LoggedContact | undefined {
  const found = head.exec(message)
  if (!found) return undefined
  const [before, client = '', , accepted = '', frontend = '', backend, , status, bytes, cookie = '-'] = found
  const { captured, end } = capturedHeaders(message, before.length)
  const quote = message.indexOf('"', end)
  const close = message.lastIndexOf('"')
  const request = quote < 0 ? undefined : requestLine(message.slice(quote + 1, close > quote ? close : undefined))
  const host = captured.find((value) => isHostName(withoutPort(value)))
  const isSecure = frontend.endsWith('~')
  const named = close > quote ? sni.exec(message.slice(close, close + 1024))?.[1] : undefined
  const where = request ? destination(request, host, isSecure) : host
  return contact([where, named], {
    ...syslogHead,
    time: namedMonthTime(accepted) ?? isoTime(accepted) ?? syslogHead.time,
    client: client.replace(/^\[|\]$/g, ''),
    userAgent: captured.find((value) => /^[A-Za-z][\w.-]{1,40}\/\d/.test(value)),
    cookie: cookie === '-' ? undefined : cookie,
    fields: { method: request?.method, status: decimal(status), bytes: decimal(bytes), frontend, backend },
  })
}

/** Values of `{a|b}` blocks at a place, those of the request first, and where the blocks end. */
function capturedHeaders(message: string, start: number): { captured: string[]; end: number } {
  const blocks: string[][] = []
  let at = start
  while (blocks.length < maxBlocks && message[at] === '{') {
    const close = message.indexOf('} ', at)
    blocks.push(message.slice(at + 1, close < 0 ? undefined : close).split('|', 64))
    at = close < 0 ? message.length : close + 2
  }
  return { captured: blocks[0] ?? [], end: at }
}

export const haproxy = programLog({
  name: 'haproxy',
  about: {
    reads: 'HTTP requests through HAProxy: captured Host and User-Agent headers, captured cookies, SNI, whole URLs.',
    blind:
      'The host of a request unless it is captured, or the request is HTTP/2; TCP mode. Times have no zone and are taken as UTC.',
    platforms: ['linux'],
  },
  programs: ['haproxy'],
  readMessage: haproxyMessage,
})
