/**
 * Sysmon: network connections (3) and DNS queries (22). Names of the values: Microsoft's page on Sysmon.
 *
 * A connection that came from outside was not made by this host.
 */
import type { EventRecord } from '../../native/events.ts'
import { knownContact } from '../log-text/known-columns.ts'
import type { ContactEvents } from './event-log.ts'

export const sysmonNetwork: ContactEvents = {
  provider: 'Microsoft-Windows-Sysmon',
  ids: [3, 22],
  say: (event) => (event.data['Initiated']?.toLowerCase() === 'false' ? undefined : byColumns(event)),
}

/** An event whose values have names that tables have, too. The client of a host's own log is that host. */
export function byColumns({ data, time }: EventRecord) {
  const values = new Map(Object.entries(data).map(([name, value]) => [name.toLowerCase(), [value]]))
  const said = knownContact((name) => values.get(name), time)
  if (!said) return undefined
  const { client: _, ...rest } = said
  return rest
}
