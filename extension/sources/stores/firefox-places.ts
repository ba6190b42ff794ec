/**
 * Firefox's `places.sqlite`: visited pages and downloads.
 *
 * Times are microseconds since 1970. A bookmark has a row among the places as well; without a visit it is no contact.
 * https://firefox-source-docs.mozilla.org/browser/places/architecture-overview.html
 */
import { ofAddress, shown } from './contact.ts'
import {
  databaseSource,
  grouped,
  idsOf,
  present,
  type Row,
  type StoredContact,
  spanOf,
  text,
  whole,
} from './database.ts'
import { prTime } from './times.ts'

/** The source. */
export const firefoxPlaces = databaseSource({
  name: 'firefox_places',
  about: {
    reads: 'History of Firefox and browsers made from it: visited pages with their visits, and downloads.',
    blind: 'Private windows, visits that were deleted or expired, and requests that a page made for its parts.',
    platforms: ['windows', 'darwin', 'linux'],
  },
  files: ['places.sqlite'],
  schema: /CREATE TABLE moz_places/,
  queries: [
    {
      table: 'moz_places',
      columns: ['id', 'url', 'title', 'visit_count', 'last_visit_date'],
      where: { holdsNeedle: ['url'] },
    },
    {
      table: 'moz_historyvisits',
      columns: ['id', 'place_id', 'visit_date', 'visit_type'],
      where: { column: 'place_id', isOneOf: { query: 0, column: 'id' } },
    },
    {
      table: 'moz_annos',
      columns: ['id', 'place_id', 'anno_attribute_id', 'content', 'dateadded'],
      where: { column: 'place_id', isOneOf: { query: 0, column: 'id' } },
    },
    {
      table: 'moz_anno_attributes',
      columns: ['id', 'name'],
      where: { column: 'id', isOneOf: { query: 2, column: 'anno_attribute_id' } },
    },
  ],
  *contacts([places = [], visits = [], notes = [], attributes = []]) {
    const visitsOf = grouped(visits, 'place_id')
    const notesOf = grouped(notes, 'place_id')
    const names = new Map(attributes.map((row) => [row['id'] ?? null, text(row['name'])]))
    for (const row of places) {
      const id = row['id'] ?? null
      const contact = visited(row, visitsOf.get(id) ?? [])
      if (contact) yield contact
      const download = downloaded(row, notesOf.get(id) ?? [], names)
      if (download) yield download
    }
  },
})

function visited(row: Row, visits: readonly Row[]): StoredContact | undefined {
  const last = prTime(row['last_visit_date'])
  const counted = whole(row['visit_count']) ?? 0
  if (visits.length === 0 && counted === 0 && last === undefined) return undefined
  const times = visits.map((one) => prTime(one['visit_date']))
  return {
    record: `moz_places:${row['id']}`,
    raw: shown(text(row['url'])),
    ...spanOf(times.length > 0 ? times : last === undefined ? [] : [last], counted),
    fields: present({ title: shown(text(row['title'])), visits: idsOf(visits) }),
    observables: ofAddress(text(row['url'])),
  }
}

/** What Firefox notes at the place of a download. */
function downloaded(row: Row, notes: readonly Row[], names: ReadonlyMap<unknown, string>): StoredContact | undefined {
  const note = (name: string) => notes.find((one) => names.get(one['anno_attribute_id'] ?? null) === name)
  const file = note('downloads/destinationFileURI')
  if (file === undefined) return undefined
  return {
    record: `moz_annos:${file['id']}`,
    raw: shown(text(row['url'])),
    ...spanOf([prTime(file['dateadded'])], 1),
    fields: present({
      file: shown(text(file['content'])),
      download: shown(text(note('downloads/metaData')?.['content'])),
    }),
    observables: ofAddress(text(row['url'])),
  }
}
