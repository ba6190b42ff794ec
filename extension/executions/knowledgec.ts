/**
 * Executions from macOS' knowledge store: which app was used or in front, from when to when.
 *
 * Apps are named by their bundle identifier. Times are seconds since 2001. The tables are those of Core Data, known from the
 * public work of Sarah Edwards (APOLLO).
 */
import { databaseBesides } from '../sources/sqlite/open-store.ts'
import { spanOf, text } from '../sources/stores/database.ts'
import { macTime } from '../sources/stores/times.ts'
import { isDatabaseNamed, rowsOf } from './database.ts'
import type { ExecutionReader } from './reader.ts'

const query = {
  table: 'ZOBJECT',
  columns: ['z_pk', 'zstreamname', 'zvaluestring', 'zstartdate', 'zenddate'],
  where: { holdsNeedle: ['zvaluestring'] },
} as const

/** The reader. */
export const knowledgec: ExecutionReader = {
  name: 'knowledgec',
  about: {
    reads: 'Apps that were used or in front, with beginning and end of each use.',
    blind:
      'Programs that are no apps; what is older than some four weeks. Apps are named by their bundle identifier, without a version. ' +
      'Without Full Disk Access macOS denies the file.',
    platforms: ['darwin'],
  },
  besides: databaseBesides,
  recognises: ({ name }, head) => isDatabaseNamed(name, head, /^knowledgec.*\.db$/i),
  async *read(file, access, needles, signal) {
    const { rows, problems } = await rowsOf(file, access, query, needles, signal)
    yield* problems
    const uses = rows.filter((row) => /^\/app\/(?:usage|inFocus|webUsage|install)$/.test(text(row['zstreamname'])))
    for (const row of uses) {
      const stream = text(row['zstreamname'])
      const begun = macTime(row['zstartdate'])
      const { time, lastTime = time } = spanOf([begun, macTime(row['zenddate'])])
      yield {
        platform: 'darwin',
        proof: stream === '/app/install' ? 'seen' : 'ran',
        record: `ZOBJECT:${row['z_pk']}`,
        path: text(row['zvaluestring']),
        cmdline: '',
        user: '',
        ...(time !== undefined && lastTime !== undefined && { time, lastTime }),
        fields: { stream },
      }
    }
  },
}
