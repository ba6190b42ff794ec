/**
 * Safari's `History.db`: visited pages. Times are seconds since 2001, with a fraction.
 */
import { ofAddress, shown } from './contact.ts'
import { databaseSource, grouped, idsOf, present, spanOf, text, whole } from './database.ts'
import { macTime } from './times.ts'

/** The source. */
export const safariHistory = databaseSource({
  name: 'safari_history',
  about: {
    reads: 'History of Safari: visited pages with their visits, those of other devices of the same account included.',
    blind:
      'Private windows, visits that were deleted or are older than a year; without Full Disk Access macOS denies the file.',
    platforms: ['darwin'],
  },
  files: ['History.db'],
  schema: /CREATE TABLE history_items/,
  queries: [
    { table: 'history_items', columns: ['id', 'url', 'visit_count'], where: { holdsNeedle: ['url'] } },
    {
      table: 'history_visits',
      columns: ['id', 'history_item', 'visit_time', 'title', 'load_successful', 'origin'],
      where: { column: 'history_item', isOneOf: { query: 0, column: 'id' } },
    },
  ],
  *contacts([items = [], visits = []]) {
    const visitsOf = grouped(visits, 'history_item')
    for (const row of items) {
      const own = visitsOf.get(row['id'] ?? null) ?? []
      const title = own.map((one) => text(one['title'])).find((one) => one !== '')
      yield {
        record: `history_items:${row['id']}`,
        raw: shown(text(row['url'])),
        ...spanOf(
          own.map((one) => macTime(one['visit_time'])),
          whole(row['visit_count']),
        ),
        fields: present({
          title: shown(title ?? ''),
          visits: idsOf(own),
          // 1: the visit came from another device of the account.
          other_device: own.some((one) => one['origin'] === 1) || undefined,
        }),
        observables: ofAddress(text(row['url'])),
      }
    }
  },
})
