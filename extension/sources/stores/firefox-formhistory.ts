/**
 * Firefox's `formhistory.sqlite`: what was typed into forms and the search bar, where it is an address.
 *
 * Somebody typed it into a page; that is no request to it. Other values are personal and are not told.
 */
import { ofAddress, shown } from './contact.ts'
import { databaseSource, lifeOf, present, text, whole } from './database.ts'
import { prTime } from './times.ts'

/** The source. */
export const firefoxFormhistory = databaseSource({
  name: 'firefox_formhistory',
  about: {
    reads: 'Addresses that were typed into forms and the search bar of Firefox.',
    blind: 'Whether anything was asked of the address; values that are no address are left out.',
    platforms: ['windows', 'darwin', 'linux'],
  },
  files: ['formhistory.sqlite'],
  schema: /CREATE TABLE moz_formhistory/,
  queries: [
    {
      table: 'moz_formhistory',
      columns: ['id', 'fieldname', 'value', 'timesused', 'firstused', 'lastused'],
      where: { holdsNeedle: ['value'] },
    },
  ],
  *contacts([values = []]) {
    for (const row of values) {
      const value = text(row['value']).trim()
      if (!/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(value)) continue
      const times = [row['firstused'], row['lastused']].map(prTime)
      yield {
        record: `moz_formhistory:${row['id']}`,
        raw: shown(value),
        ...lifeOf(times),
        ...present<{ count: number }>({ count: whole(row['timesused']) || undefined }),
        fields: present({ field: shown(text(row['fieldname'])) }),
        observables: ofAddress(value),
      }
    }
  },
})
