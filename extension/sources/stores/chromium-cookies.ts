/**
 * Chromium's `Cookies`: hosts that set a cookie, when first and when it was last sent. The app's own profile has one too.
 *
 * Names tell what a cookie is for and are shown; values are secrets, encrypted besides, and never read.
 */
import { ofHost, shown } from './contact.ts'
import { databaseSource, lifeOf, present, text } from './database.ts'
import { webkitTime } from './times.ts'

/** The source. */
export const chromiumCookies = databaseSource({
  name: 'chromium_cookies',
  about: {
    reads:
      'Cookies of Chromium browsers and of apps made with Electron: host, first and last use. Values are not read.',
    blind: 'Hosts that set no cookie, cookies that expired or were deleted, private windows.',
    platforms: ['windows', 'darwin', 'linux'],
  },
  files: ['Cookies'],
  schema: /CREATE TABLE cookies ?\(\s*creation_utc/,
  queries: [
    {
      table: 'cookies',
      columns: [
        'rowid',
        'host_key',
        'top_frame_site_key',
        'name',
        'path',
        'creation_utc',
        'last_access_utc',
        'last_update_utc',
      ],
      where: { holdsNeedle: ['host_key'] },
    },
  ],
  *contacts([cookies = []]) {
    for (const row of cookies) {
      const times = [row['creation_utc'], row['last_access_utc'], row['last_update_utc']].map(webkitTime)
      yield {
        record: `cookies:${row['rowid']}`,
        raw: shown(text(row['host_key'])),
        ...lifeOf(times),
        fields: present({ name: shown(text(row['name'])), site: shown(text(row['top_frame_site_key'])) }),
        observables: ofHost(text(row['host_key'])),
      }
    }
  },
})
