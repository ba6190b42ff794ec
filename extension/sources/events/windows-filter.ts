/**
 * The filtering platform of Windows in the security log: a connection that was permitted (5156) or blocked (5157).
 *
 * It names addresses only. What came from outside was not made by this host.
 */
import { contact, decimal } from '../log-text/contact.ts'
import type { ContactEvents } from './event-log.ts'

/** Message of the event for the direction `Outbound`. */
const outbound = '%%14593'

export const windowsFilter: ContactEvents = {
  provider: 'Microsoft-Windows-Security-Auditing',
  ids: [5156, 5157],
  say: ({ data, eventId }) => {
    if (data['Direction'] !== outbound) return undefined
    return contact([data['DestAddress']], {
      process: data['Application'],
      pid: decimal(data['ProcessID'] ?? data['ProcessId']),
      fields: { record: 'connection', port: data['DestPort'], outcome: eventId === 5157 ? 'blocked' : 'permitted' },
    })
  },
}
