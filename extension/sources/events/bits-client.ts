/**
 * The Background Intelligent Transfer Service: what was downloaded from where. Names of the values are those of the
 * provider's manifest; 3 names the job, 59 to 61 its start and end, 16403 a file of it.
 */
import { contact, decimal } from '../log-text/contact.ts'
import { destination } from '../log-text/request.ts'
import type { ContactEvents } from './event-log.ts'

export const bitsClient: ContactEvents = {
  provider: 'Microsoft-Windows-Bits-Client',
  ids: [3, 59, 60, 61, 16403],
  say: ({ data }) => {
    const url = data['url'] ?? data['RemoteName']
    return contact([url === undefined ? undefined : destination({ method: '', target: url }, undefined)], {
      user: data['User'] ?? data['jobOwner'],
      process: data['processPath'],
      pid: decimal(data['processId']),
      fields: { record: 'download', file: data['LocalName'], job: data['name'] ?? data['jobTitle'] },
    })
  },
}
