/**
 * unbound with `log-queries`, `log-replies` or `log-local-actions`, from its own file or syslog.
 *
 * Its own head carries process and thread: `[1680098531] unbound[1234:0] info: 10.0.0.5 name. A IN`. A reply goes on with
 * its code, seconds, whether it came from the cache, and its size. What a local zone answered names the zone's action.
 * https://unbound.docs.nlnetlabs.nl/en/latest/manpages/unbound.conf.html
 */
import type { LogFormat, LoggedContact } from '../log-format.ts'
import { anyTime } from '../log-text/calendar.ts'
import { contact, decimal, type Particulars } from '../log-text/contact.ts'
import { usualHeadLines } from '../log-text/program-log.ts'
import { isAddress } from '../log-text/remote.ts'
import { isLogOf, syslogLine } from '../log-text/syslog.ts'

const ownHead =
  /^(?:\[(\d{9,11}(?:\.\d{1,6})?)\]|([A-Z][a-z]{2} {1,2}\d{1,2} \d{2}:\d{2}:\d{2})|(\d{4}-\d{2}-\d{2}T\S{8,24})) unbound\[\d{1,10}:[0-9a-f]{1,4}\] /
const level = /^(?:\[\d{1,10}:[0-9a-f]{1,4}\] )?(?:info|query|reply): /
/** Actions of a local or response policy zone that keep a client from its answer. */
const blocking =
  /^(?:deny|refuse|static|redirect|always_\w{1,20}|block_\w{1,20}|inform_deny|inform_redirect|rpz-(?:nxdomain|nodata|drop|local-data|cname-override|tcp-only))$/

/** What one message of unbound says, behind the head of its file or of syslog. */
export function unboundMessage(message: string, head: Particulars): LoggedContact | undefined {
  const info = level.exec(message)
  if (!info) return undefined
  const words = message.slice(info[0].length).split(' ', 12)
  const [first = '', name, qtype = '', net, outcome] = words
  if (isAddress(first) && qtype !== '' && net === 'IN') {
    const record = outcome === undefined ? 'query' : 'reply'
    return contact([name], { ...head, client: first, fields: { record, qtype, outcome, bytes: decimal(words[7]) } })
  }
  return policyMessage(words, head)
}

/** `zone. always_nxdomain 10.0.0.5@41412 name. A IN`; a response policy zone says more before it. */
function policyMessage(words: readonly string[], head: Particulars): LoggedContact | undefined {
  const at = words.findIndex((word) => isAddress(word.slice(0, Math.max(word.lastIndexOf('@'), 0))))
  const [asker = '', name, qtype, net] = words.slice(Math.max(at, 0))
  if (at < 2 || net !== 'IN') return undefined
  const policy = words[at - 1] ?? ''
  const outcome = blocking.test(policy) ? 'blocked' : undefined
  const fields = { record: words[0] === 'rpz:' ? 'rpz' : 'local', qtype, policy, outcome }
  return contact([name], { ...head, client: asker.slice(0, asker.lastIndexOf('@')), fields })
}

export const unbound: LogFormat = {
  name: 'unbound',
  about: {
    reads: 'Queries, replies, local-zone and response-policy actions of unbound, from its own file or syslog.',
    blind:
      'Nothing without log-queries, log-replies, log-local-actions or rpz-log; the addresses of answers. Times in words have no zone and are taken as UTC.',
    platforms: ['linux', 'windows', 'darwin'],
  },
  headLines: usualHeadLines,
  recognises: (firstLines) => firstLines.some((line) => ownHead.test(line)) || isLogOf(firstLines, ['unbound']),
  parse: (line, { mtime }) => {
    const own = ownHead.exec(line)
    if (own) {
      const time = anyTime(own[1] ?? own[2] ?? own[3] ?? '', mtime)
      return unboundMessage(line.slice(own[0].length), { time })
    }
    const found = syslogLine(line, mtime)
    return found?.program === 'unbound' ? unboundMessage(found.message, { time: found.time }) : undefined
  },
}
