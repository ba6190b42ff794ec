/**
 * Chromium's `Favicons`: icons and the pages they were shown for. They stay when a visit is deleted alone.
 */
import { ofAddress, shown } from './contact.ts'
import { databaseSource, grouped, lifeOf, text } from './database.ts'
import { webkitTime } from './times.ts'

/** The source. */
export const chromiumFavicons = databaseSource({
  name: 'chromium_favicons',
  about: {
    reads: 'Icons of pages that Chromium browsers keep: the address of the icon and of pages it belongs to.',
    blind:
      'Pages without an icon, and icons that were dropped with the last visit; the time is that of the icon, not of a visit.',
    platforms: ['windows', 'darwin', 'linux'],
  },
  files: ['Favicons'],
  schema: /CREATE TABLE favicons\(/,
  queries: [
    { table: 'favicons', columns: ['id', 'url'], where: { holdsNeedle: ['url'] } },
    { table: 'icon_mapping', columns: ['id', 'page_url', 'icon_id'], where: { holdsNeedle: ['page_url'] } },
    {
      table: 'favicon_bitmaps',
      columns: ['icon_id', 'last_updated', 'last_requested'],
      where: { column: 'icon_id', isOneOf: { query: 0, column: 'id' } },
    },
    {
      table: 'favicon_bitmaps',
      columns: ['icon_id', 'last_updated', 'last_requested'],
      where: { column: 'icon_id', isOneOf: { query: 1, column: 'icon_id' } },
    },
  ],
  *contacts([icons = [], mappings = [], ofIcons = [], ofPages = []]) {
    const bitmaps = grouped([...ofIcons, ...ofPages], 'icon_id')
    const span = (id: string | number | bigint | null) => {
      return lifeOf(
        (bitmaps.get(id) ?? []).flatMap((row) => [row['last_updated'], row['last_requested']]).map(webkitTime),
      )
    }
    for (const row of icons) {
      const observables = ofAddress(text(row['url']))
      yield { record: `favicons:${row['id']}`, raw: shown(text(row['url'])), ...span(row['id'] ?? null), observables }
    }
    for (const row of mappings) {
      const raw = shown(text(row['page_url']))
      const observables = ofAddress(text(row['page_url']))
      yield { record: `icon_mapping:${row['id']}`, raw, ...span(row['icon_id'] ?? null), observables }
    }
  },
})
