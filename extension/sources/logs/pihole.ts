/**
 * Pi-hole: the dnsmasq inside FTL, whose log also says which list or rule blocked a name.
 *
 * Told from plain dnsmasq by the words of blocking, or by the name of the file. A blocked query is a contact that was
 * tried. https://docs.pi-hole.net/ftldns/
 */
import type { LogFormat } from '../log-format.ts'
import { programLog } from '../log-text/program-log.ts'
import { isLogOf } from '../log-text/syslog.ts'
import { dnsmasqMessage } from './dnsmasq.ts'

const programs = ['dnsmasq', 'pihole-FTL']
const blocked = / (?:gravity blocked|(?:exactly|regex) (?:blacklisted|denied)|exactly blocked|special domain) /

const log = programLog({
  name: 'pihole',
  about: {
    reads: 'Queries, answers and blocked queries of Pi-hole (pihole.log), with what blocked them.',
    blind:
      'The long-term database of FTL; nothing with query logging off or privacy levels that hide names. Times have no zone and are taken as UTC; the year comes from the file.',
    platforms: ['linux'],
  },
  programs,
  readMessage: dnsmasqMessage,
})

export const pihole: LogFormat = {
  ...log,
  recognises: (firstLines, filename) =>
    isLogOf(firstLines, programs) && (/^pi-?hole/i.test(filename) || firstLines.some((line) => blocked.test(line))),
}
