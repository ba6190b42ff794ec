/**
 * Network protection of Microsoft Defender: a connection that would have been blocked (1125), or was (1126).
 *
 * A blocked connection is an attempt all the same. Names of the values are those of Microsoft's page on its events.
 */
import { contact } from '../log-text/contact.ts'
import { destination } from '../log-text/request.ts'
import type { ContactEvents } from './event-log.ts'

export const networkProtection: ContactEvents = {
  provider: 'Microsoft-Windows-Windows Defender',
  ids: [1125, 1126],
  say: ({ data, eventId }) => {
    const target = data['Destination'] ?? ''
    return contact([target.includes('/') ? destination({ method: '', target }, undefined) : target], {
      user: data['User'],
      process: data['Process Name'],
      fields: { record: 'connection', outcome: eventId === 1126 ? 'blocked' : 'audited' },
    })
  },
}
