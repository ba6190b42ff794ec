/**
 * squid with `logformat combined`: the web servers' line, whole URLs in it, and squid's own result at its end.
 *
 * https://wiki.squid-cache.org/Features/LogFormat
 */
import type { LogFormat } from '../log-format.ts'
import { combinedLine, isCombinedLog } from '../log-text/combined-line.ts'
import { contact, decimal } from '../log-text/contact.ts'
import { usualHeadLines } from '../log-text/program-log.ts'
import { destination } from '../log-text/request.ts'

const result = /^([A-Z_]{3,48}):([A-Z_]{3,48})$/

export const squidCombined: LogFormat = {
  name: 'squid_combined',
  about: {
    reads: 'Requests through the squid proxy in its combined log, with the client, the user and the user agent.',
    blind: 'Paths inside TLS, of which only the CONNECT is logged; the address squid went to.',
    platforms: ['linux', 'windows', 'darwin'],
  },
  headLines: usualHeadLines,
  recognises: (firstLines) =>
    isCombinedLog(firstLines, ['squid', '(squid-1)']) &&
    firstLines.some((line) => combinedLine(line)?.rest.some((word) => result.test(word)) ?? false),
  parse: (line) => {
    const found = combinedLine(line)
    if (!found) return undefined
    const [, cache, hierarchy] = found.rest.map((word) => result.exec(word)).find((one) => one !== null) ?? []
    return contact([found.request && destination(found.request)], {
      time: found.time,
      client: found.client,
      user: found.user,
      userAgent: found.userAgent,
      fields: {
        method: found.request?.method,
        status: decimal(found.status),
        bytes: decimal(found.bytes),
        cache,
        hierarchy,
        outcome: cache?.includes('DENIED') ? 'blocked' : undefined,
      },
    })
  },
}
