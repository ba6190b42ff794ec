/**
 * The systemd journal as a source of contacts: each message goes to the format of its program, as in a syslog.
 */
import { observablesOf } from '../line-source.ts'
import { programMessage } from '../logs/syslog.ts'
import type { Source } from '../source.ts'
import { timeWithin } from '../stores/times.ts'
import { journalEntries } from './journal-entries.ts'

const maxRaw = 2048

/** The source. */
export const journal: Source = {
  name: 'journal',
  about: {
    reads:
      'Messages of resolvers, DNS servers, proxies, web servers and sensors in files of the systemd journal, also those in use.',
    blind: 'Fields packed with xz, which old systems wrote; programs that are none of these.',
    platforms: ['linux'],
  },
  recognises: ({ name }, head) => isJournal(name, head),
  async *read(file, reader, needles, signal) {
    for await (const entry of journalEntries(file, reader, needles, signal)) {
      if ('problem' in entry) {
        yield entry
        continue
      }
      const { fields, offset, seqnum } = entry
      const message = fields.get('MESSAGE') ?? ''
      const program = fields.get('SYSLOG_IDENTIFIER') ?? fields.get('_COMM') ?? ''
      const time = timeWithin(entry.time)
      const context = { headings: [], mtime: file.mtime, filename: file.name }
      const said = programMessage(program, message, { time }, context)
      if (!said) continue
      const { user, client, process, pid, count } = said
      yield {
        source: journal.name,
        path: file.path,
        offset,
        record: `seqnum:${seqnum}`,
        raw: message.slice(0, maxRaw),
        observables: observablesOf(said),
        ...(said.time !== undefined && { time: said.time }),
        ...(user !== undefined && { user }),
        ...(client !== undefined && { client }),
        ...(process !== undefined && { process }),
        ...(pid !== undefined && { pid }),
        ...(count !== undefined && { count }),
        ...(said.fields && { fields: said.fields }),
      }
    }
  },
}

/** Whether a file is a journal, by its name and first bytes. */
export function isJournal(name: string, head: Uint8Array): boolean {
  return /\.journal~?$/i.test(name) && Buffer.from(head.subarray(0, 8)).toString('latin1') === 'LPKSHHRH'
}
