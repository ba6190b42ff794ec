/**
 * `Cache.db`: answers that macOS' own loading of URLs kept, for apps and for tools without a bundle. The folder is named
 * after the program, so requests of the second stage are below `Caches/UpdateAgent`. Times are UTC, to the second.
 */
import { isoTime } from '../log-text/calendar.ts'
import { ofAddress, shown } from './contact.ts'
import { databaseSource, present, text } from './database.ts'

/** The source. */
export const macUrlCache = databaseSource({
  name: 'mac_url_cache',
  about: {
    reads:
      'Addresses whose answers apps and tools of macOS kept in their cache (NSURLSession), with the time of the answer.',
    blind:
      'Answers that may not be kept: those to POST, as the agent sends, and those whose headers say so. What was removed ' +
      'for room. Bodies of answers are not read. Safari has a cache of another kind.',
    platforms: ['darwin'],
  },
  files: ['Cache.db'],
  schema: /CREATE TABLE cfurl_cache_response/,
  queries: [
    {
      table: 'cfurl_cache_response',
      columns: ['entry_id', 'request_key', 'time_stamp', 'partition'],
      where: { holdsNeedle: ['request_key'] },
    },
  ],
  *contacts([entries = []]) {
    for (const row of entries) {
      const address = text(row['request_key'])
      yield {
        record: `cfurl_cache_response:${row['entry_id']}`,
        raw: shown(address),
        ...present<{ time: number }>({ time: isoTime(text(row['time_stamp'])) }),
        fields: present({ partition: shown(text(row['partition'])) }),
        observables: ofAddress(address),
      }
    }
  },
})
