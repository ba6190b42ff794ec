/**
 * dnsmasq with `log-queries`: a line for the query, one for where it was forwarded, one for each answer.
 *
 * `log-queries=extra` puts a serial number and the client before each. The server a query went to is no contact, and
 * reverse look-ups are none either. https://thekelleys.org.uk/dnsmasq/docs/dnsmasq-man.html
 */
import type { LoggedContact } from '../log-format.ts'
import { outcomeOf } from '../log-text/answer.ts'
import { contact, type Particulars } from '../log-text/contact.ts'
import { programLog } from '../log-text/program-log.ts'
import { isAddress } from '../log-text/remote.ts'

/** Words that say where an answer came from; a path is a hosts file. */
const origins =
  /^(?:reply|cached|cached-stale|config|validation|auth|DHCP|special|\/.*|[a-z]+ (?:blocked|blacklisted|denied|domain)(?: \(CNAME\))?|blacklisted|denied|blocked)$/
const blocking = /block|blacklist|denied/

/** What one message of dnsmasq, or of Pi-hole's FTL, says. */
export function dnsmasqMessage(message: string, head: Particulars): LoggedContact | undefined {
  const words = message.split(' ', 12)
  const isExtra = /^\d{1,10}$/.test(words[0] ?? '') && (words[1]?.includes('/') ?? false)
  const asker = isExtra ? words[1]?.slice(0, words[1].lastIndexOf('/')) : undefined
  const said = isExtra ? words.slice(2) : words
  const [verb = '', name] = said
  const query = /^(?:query|auth)\[([\w=-]{1,32})\]$/.exec(verb)
  if (query) {
    const client = asker ?? (said[2] === 'from' ? said[3] : undefined)
    return contact([name], { ...head, client, fields: { record: 'query', qtype: query[1] } })
  }
  if (verb === 'forwarded' && said[2] === 'to') {
    return contact([name], { ...head, client: asker, fields: { record: 'forwarded', upstream: said[3] } })
  }
  const is = said.indexOf('is')
  const origin = said.slice(0, Math.max(is - 1, 0)).join(' ')
  if (is < 2 || !origins.test(origin) || isAddress(said[is - 1] ?? '')) return undefined
  const outcome = blocking.test(origin) ? 'blocked' : outcomeOf(said[is + 1])
  const answer = outcome === undefined && isAddress(said[is + 1] ?? '') ? said[is + 1] : undefined
  return contact([said[is - 1], answer], { ...head, client: asker, fields: { record: origin, outcome } })
}

export const dnsmasq = programLog({
  name: 'dnsmasq',
  about: {
    reads: 'Queries, forwarded queries and answers of dnsmasq (log-queries, also =extra), from syslog or its own file.',
    blind:
      'Nothing without log-queries; names that clients resolve over DNS-over-HTTPS. Times have no zone and are taken as UTC; the year comes from the file.',
    platforms: ['linux', 'darwin'],
  },
  programs: ['dnsmasq'],
  readMessage: dnsmasqMessage,
})
