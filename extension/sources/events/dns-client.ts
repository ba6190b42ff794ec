/**
 * The DNS client of Windows: a query that ended (3008), with what came back, and one that no server answered (1014).
 *
 * The client runs inside the program that asks, so the process that logs is the one that asked. The events that begin a
 * query tell nothing more, and would count it again. Names of the values are those of the provider's manifest.
 */
import { contact } from '../log-text/contact.ts'
import { isAddress, unmapped } from '../log-text/remote.ts'
import type { ContactEvents } from './event-log.ts'

export const dnsClient: ContactEvents = {
  provider: 'Microsoft-Windows-DNS-Client',
  ids: [3008, 1014],
  say: ({ data, eventId, processId }) => {
    const answers = (data['QueryResults'] ?? '')
      .slice(0, 4096)
      .split(/[;,\s]/)
      .map(unmapped)
      .filter(isAddress)
    const status = eventId === 1014 ? 'timeout' : (data['QueryStatus'] ?? '')
    return contact([data['QueryName'], ...answers], {
      pid: processId > 0 ? processId : undefined,
      fields: { record: 'query', qtype: data['QueryType'], status },
    })
  },
}
