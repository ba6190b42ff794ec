/**
 * Executions from macOS' record of quarantined files: what was downloaded from where, by which program.
 *
 * It says that a file came here, not that it ran. Times are seconds since 2001.
 */
import { databaseBesides } from '../sources/sqlite/open-store.ts'
import { text } from '../sources/stores/database.ts'
import { macTime } from '../sources/stores/times.ts'
import { isDatabaseNamed, rowsOf } from './database.ts'
import type { ExecutionReader } from './reader.ts'

const query = {
  table: 'LSQuarantineEvent',
  columns: [
    'lsquarantineeventidentifier',
    'lsquarantinetimestamp',
    'lsquarantineagentname',
    'lsquarantinedataurlstring',
    'lsquarantineoriginurlstring',
  ],
  where: { holdsNeedle: ['lsquarantinedataurlstring', 'lsquarantineoriginurlstring'] },
} as const

/** The reader. */
export const quarantine: ExecutionReader = {
  name: 'quarantine',
  about: {
    reads: 'Files that programs of macOS downloaded and marked: address, page it stood on, program, and time.',
    blind: 'Whether a file was opened. Programs that mark nothing, such as curl; users may clear the record.',
    platforms: ['darwin'],
  },
  besides: databaseBesides,
  recognises: ({ name }, head) => isDatabaseNamed(name, head, /quarantine/i),
  async *read(file, access, needles, signal) {
    const { rows, problems } = await rowsOf(file, access, query, needles, signal)
    yield* problems
    for (const row of rows) {
      const url = text(row['lsquarantinedataurlstring'])
      const time = macTime(row['lsquarantinetimestamp'])
      yield {
        platform: 'darwin',
        proof: 'seen',
        record: `LSQuarantineEvent:${text(row['lsquarantineeventidentifier']).slice(0, 64)}`,
        path: fileIn(url),
        cmdline: '',
        user: '',
        ...(time !== undefined && { time, lastTime: time }),
        fields: {
          url: url.slice(0, 2048),
          origin: text(row['lsquarantineoriginurlstring']).slice(0, 2048),
          agent: text(row['lsquarantineagentname']).slice(0, 256),
        },
      }
    }
  },
}

/** Name of the file at an address. */
function fileIn(url: string): string {
  if (!URL.canParse(url)) return url.slice(0, 2048)
  const { pathname, href } = new URL(url)
  const last = pathname.slice(pathname.lastIndexOf('/') + 1)
  if (last === '') return href.slice(0, 2048)
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}
