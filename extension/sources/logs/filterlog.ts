/**
 * The packet filter's log of pfSense and OPNsense: commas between columns whose meaning goes by protocol.
 *
 * Both addresses are in a line and it does not say which is ours; the remote one is told by which is of an internal
 * network. https://docs.netgate.com/pfsense/en/latest/monitoring/logs/raw-filter-format.html
 */
import type { LoggedContact } from '../log-format.ts'
import { contact, decimal, type Particulars } from '../log-text/contact.ts'
import { delimited } from '../log-text/delimited.ts'
import { programLog } from '../log-text/program-log.ts'
import { isAddress, isInternal } from '../log-text/remote.ts'

/** Columns that do not depend on the protocol; then those of each version of IP. */
const column = { interface: 4, action: 6, direction: 7, version: 8 }
const byVersion: Readonly<Record<string, { protocol: number; length: number; source: number; target: number }>> = {
  '4': { protocol: 16, length: 17, source: 18, target: 19 },
  '6': { protocol: 12, length: 14, source: 15, target: 16 },
}

/** What one message of filterlog says. */
export function filterlogMessage(message: string, head: Particulars): LoggedContact | undefined {
  const columns = delimited(message, ',')
  const places = byVersion[columns[column.version] ?? '']
  const source = columns[places?.source ?? -1] ?? ''
  const target = columns[places?.target ?? -1] ?? ''
  if (!places || !isAddress(source) || !isAddress(target)) return undefined
  const { remotes, client } = sides(source, target, columns[column.direction])
  const action = columns[column.action]
  const protocol = columns[places.protocol] ?? ''
  return contact(remotes, {
    ...head,
    client,
    fields: {
      action,
      direction: columns[column.direction],
      interface: columns[column.interface],
      protocol,
      port: /^(?:tcp|udp)$/.test(protocol) ? decimal(columns[places.target + 2]) : undefined,
      bytes: decimal(columns[places.length]),
      outcome: action === 'pass' ? undefined : 'blocked',
    },
  })
}

/** Out of a network the target is remote, into it the source; between two public addresses coming in it may be either. */
function sides(source: string, target: string, direction: string | undefined): { remotes: string[]; client: string } {
  if (isInternal(target)) return { remotes: isInternal(source) ? [] : [source], client: target }
  if (isInternal(source) || direction === 'out') return { remotes: [target], client: source }
  return { remotes: [source, target], client: '' }
}

export const filterlog = programLog({
  name: 'filterlog',
  about: {
    reads: 'Passed and blocked connections in the filter log of pfSense and OPNsense: the remote address.',
    blind:
      'Names; rules without logging. Between two public addresses on an incoming packet it cannot be told which is remote, and both are given. BSD times have no zone and are taken as UTC.',
    platforms: ['linux'],
  },
  programs: ['filterlog'],
  readMessage: filterlogMessage,
})
