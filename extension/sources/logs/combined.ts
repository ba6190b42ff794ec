/**
 * Access logs of nginx, Apache and whoever else writes the common or combined log format.
 *
 * A web server sees its visitors: a contact is in the line where the server is a proxy (a whole URL, a CONNECT), where the
 * virtual host is written (`vhost_combined`), or in the visitor's user agent.
 * https://httpd.apache.org/docs/current/mod/mod_log_config.html
 */
import type { LogFormat } from '../log-format.ts'
import { combinedLine, isCombinedLog } from '../log-text/combined-line.ts'
import { contact, decimal } from '../log-text/contact.ts'
import { usualHeadLines } from '../log-text/program-log.ts'
import { withoutPort } from '../log-text/remote.ts'
import { destination } from '../log-text/request.ts'

export const combined: LogFormat = {
  name: 'combined',
  about: {
    reads:
      'Requests in common, combined and vhost_combined access logs of nginx, Apache, lighttpd and Caddy: whole URLs, virtual hosts and user agents.',
    blind: 'The host of a request, where the log does not write it; referers are no contacts; error logs.',
    platforms: ['linux', 'windows', 'darwin'],
  },
  headLines: usualHeadLines,
  recognises: (firstLines) => isCombinedLog(firstLines, ['nginx', 'httpd', 'apache2', 'apache', 'lighttpd']),
  parse: (line) => {
    const found = combinedLine(line)
    if (!found) return undefined
    const host = found.host?.replace(/:(?:80|443)$/, '')
    const where = found.request && destination(found.request, host, found.host?.endsWith(':443'))
    return contact([where ?? (found.host && withoutPort(found.host))], {
      time: found.time,
      client: found.client,
      user: found.user,
      userAgent: found.userAgent,
      fields: { method: found.request?.method, status: decimal(found.status), bytes: decimal(found.bytes) },
    })
  },
}
