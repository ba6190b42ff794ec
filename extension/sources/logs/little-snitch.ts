/**
 * Traffic that Little Snitch exported (`littlesnitch log-traffic`): CSV, a line for an executable and a remote host.
 *
 * A line stands for several connections, counted. Denied ones are contacts that were tried.
 * https://help.obdev.at/littlesnitch5/adv-commandline
 */
import type { LogFormat } from '../log-format.ts'
import { isoTime } from '../log-text/calendar.ts'
import { contact, decimal } from '../log-text/contact.ts'
import { delimited } from '../log-text/delimited.ts'

const needed = ['date', 'direction', 'ipaddress', 'remotehostname', 'connectingexecutable']

function namesOf(heading: string): string[] {
  return delimited(heading.replace(/^\uFEFF/, ''), ',').map((name) => name.trim().toLowerCase())
}

export const littleSnitch: LogFormat = {
  name: 'little_snitch',
  about: {
    reads:
      'Connections in the traffic log that Little Snitch exports as CSV: remote name and address, executable, user.',
    blind:
      'Traffic while Little Snitch was off; the single connections of a line. Times without a zone are taken as UTC.',
    platforms: ['darwin'],
  },
  headLines: 1,
  recognises: ([heading = '']) => {
    const names = namesOf(heading)
    return needed.every((name) => names.includes(name))
  },
  parse: (line, { headings: [heading] }) => {
    if (heading === undefined || line === heading) return undefined
    const names = namesOf(heading)
    const columns = delimited(line, ',')
    const column = (name: string) => columns[names.indexOf(name)]
    const [connected, denied] = [decimal(column('connectcount')) ?? 0, decimal(column('denycount')) ?? 0]
    return contact([column('remotehostname'), column('ipaddress')], {
      time: isoTime(column('date') ?? ''),
      user: column('uid'),
      process: column('connectingexecutable'),
      count: Math.max(connected + denied, 1),
      fields: {
        direction: column('direction'),
        port: decimal(column('port')),
        bytes: decimal(column('bytecountout')),
        parent: column('parentappexecutable'),
        outcome: denied > 0 && connected === 0 ? 'blocked' : undefined,
      },
    })
  },
}
