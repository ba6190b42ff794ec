/**
 * Firefox's `cookies.sqlite`: hosts that set a cookie, when first and when it was last sent. Values are never read.
 */
import { ofHost, shown } from './contact.ts'
import { databaseSource, lifeOf, present, text } from './database.ts'
import { prTime } from './times.ts'

/** The source. */
export const firefoxCookies = databaseSource({
  name: 'firefox_cookies',
  about: {
    reads: 'Cookies of Firefox: host, first and last use. Values are not read.',
    blind: 'Hosts that set no cookie, cookies of a session, cookies that expired or were deleted, private windows.',
    platforms: ['windows', 'darwin', 'linux'],
  },
  files: ['cookies.sqlite'],
  schema: /CREATE TABLE moz_cookies/,
  queries: [
    {
      table: 'moz_cookies',
      columns: ['id', 'host', 'name', 'creationtime', 'lastaccessed'],
      where: { holdsNeedle: ['host'] },
    },
  ],
  *contacts([cookies = []]) {
    for (const row of cookies) {
      const times = [row['creationtime'], row['lastaccessed']].map(prTime)
      yield {
        record: `moz_cookies:${row['id']}`,
        raw: shown(text(row['host'])),
        ...lifeOf(times),
        fields: present({ name: shown(text(row['name'])) }),
        observables: ofHost(text(row['host'])),
      }
    }
  },
})
