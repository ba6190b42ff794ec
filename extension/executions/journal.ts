/**
 * Executions from the systemd journal: programs that wrote to it, or that the system wrote of, with what the journal knows of
 * their process.
 *
 * A program may write many entries; they are one record per program, arguments and user, with first and last time.
 */
import { isJournal } from '../sources/journal/journal.ts'
import { journalEntries } from '../sources/journal/journal-entries.ts'
import { timeWithin } from '../sources/stores/times.ts'
import { hexadecimal } from './event-values.ts'
import type { ExecutionReader, FoundExecution } from './reader.ts'

/** Programs of one file. */
const maxPrograms = 10_000
const maxCmdline = 8192

/** The reader. */
export const journal: ExecutionReader = {
  name: 'journal',
  about: {
    reads: 'Programs that wrote to the systemd journal, with path, arguments, user and process; files in use, too.',
    blind: 'Programs that wrote nothing. Fields packed with xz, which old systems wrote.',
    platforms: ['linux'],
  },
  recognises: ({ name }, head) => isJournal(name, head),
  async *read(file, access, needles, signal) {
    const programs = new Map<string, FoundExecution>()
    for await (const entry of journalEntries(file, access, needles, signal)) {
      if ('problem' in entry) {
        yield entry
        continue
      }
      const { fields, seqnum } = entry
      const path = fields.get('_EXE') ?? ''
      const cmdline = (fields.get('_CMDLINE') ?? '').slice(0, maxCmdline)
      if (path === '' || !(needles.mayHold(path) || needles.mayHold(cmdline))) continue
      const uid = hexadecimal(fields.get('_UID'))
      const pid = hexadecimal(fields.get('_PID'))
      const time = timeWithin(entry.time)
      const key = JSON.stringify([path, cmdline, uid, pid])
      const known = programs.get(key)
      if (known) {
        const times = [known.time, known.lastTime, time].filter((one) => one !== undefined)
        if (times.length > 0) {
          programs.set(key, { ...known, time: Math.min(...times), lastTime: Math.max(...times) })
        }
        continue
      }
      if (programs.size >= maxPrograms) continue
      const unit = fields.get('_SYSTEMD_UNIT')
      programs.set(key, {
        platform: 'linux',
        proof: 'ran',
        record: `seqnum:${seqnum}`,
        path,
        cmdline,
        user: uid === undefined ? '' : access.account(uid),
        ...(uid !== undefined && { uid }),
        ...(pid !== undefined && { pid }),
        ...(time !== undefined && { time, lastTime: time }),
        ...(unit !== undefined && { fields: { unit } }),
      })
    }
    yield* programs.values()
  },
}
