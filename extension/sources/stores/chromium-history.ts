/**
 * Chromium's `History`: pages that were visited and files that were downloaded, in Chrome, Edge, Brave, Opera, Vivaldi.
 *
 * The stealer of this campaign reads the same table. Times are microseconds since 1601. Of a download every address of
 * its chain of redirects counts, and the page it was started from. Search terms are no contact and are not read.
 * https://source.chromium.org/chromium/chromium/src/+/main:components/history/core/browser/
 */
import { ofAddress, ofAll, shown } from './contact.ts'
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
import { webkitTime } from './times.ts'

const downloadColumns = [
  'id',
  'target_path',
  'start_time',
  'end_time',
  'received_bytes',
  'total_bytes',
  'state',
  'danger_type',
  'mime_type',
  'referrer',
  'site_url',
  'tab_url',
  'tab_referrer_url',
]
const addressColumns = ['referrer', 'site_url', 'tab_url', 'tab_referrer_url']

/** The source. */
export const chromiumHistory = databaseSource({
  name: 'chromium_history',
  about: {
    reads:
      'History of Chrome, Edge, Brave, Opera, Vivaldi and Chromium: visited pages with their visits, and downloads with ' +
      'every redirect on the way.',
    blind:
      'Private windows, visits that were deleted or are older than 90 days, requests that a page made for its parts, and ' +
      'browsers that keep their profile in another place.',
    platforms: ['windows', 'darwin', 'linux'],
  },
  files: ['History', 'Archived History'],
  schema: /CREATE TABLE urls\(id INTEGER PRIMARY KEY/,
  queries: [
    {
      table: 'urls',
      columns: ['id', 'url', 'title', 'visit_count', 'typed_count', 'last_visit_time'],
      where: { holdsNeedle: ['url'] },
    },
    {
      table: 'visits',
      columns: ['id', 'url', 'visit_time'],
      where: { column: 'url', isOneOf: { query: 0, column: 'id' } },
    },
    { table: 'downloads_url_chains', columns: ['id', 'chain_index', 'url'], where: { holdsNeedle: ['url'] } },
    { table: 'downloads', columns: downloadColumns, where: { holdsNeedle: addressColumns } },
    { table: 'downloads', columns: downloadColumns, where: { column: 'id', isOneOf: { query: 2, column: 'id' } } },
    {
      table: 'downloads_url_chains',
      columns: ['id', 'chain_index', 'url'],
      where: { column: 'id', isOneOf: { query: 2, column: 'id' } },
    },
  ],
  *contacts([urls = [], visits = [], links = [], named = [], chained = [], chains = []]) {
    const visitsOf = grouped(visits, 'url')
    for (const row of urls) yield visited(row, visitsOf.get(row['id'] ?? null) ?? [])
    const chainOf = grouped(chains, 'id')
    const linksOf = grouped(links, 'id')
    const downloads = new Map([...named, ...chained].map((row) => [row['id'] ?? null, row]))
    for (const [id, row] of downloads) yield downloaded(row, linksOf.get(id) ?? [], chainOf.get(id) ?? [])
    for (const [id, own] of linksOf) if (!downloads.has(id)) yield downloaded({ id }, own, chainOf.get(id) ?? [])
  },
})

function visited(row: Row, visits: readonly Row[]): StoredContact {
  const times = visits.map((one) => webkitTime(one['visit_time']))
  const last = webkitTime(row['last_visit_time'])
  return {
    record: `urls:${row['id']}`,
    raw: shown(text(row['url'])),
    ...spanOf(times.length > 0 ? times : last === undefined ? [] : [last], whole(row['visit_count'])),
    fields: present({
      title: shown(text(row['title'])),
      visits: idsOf(visits),
      typed: whole(row['typed_count']) || undefined,
    }),
    observables: ofAddress(text(row['url'])),
  }
}

/** `links`: those of the chain that hold a needle. */
function downloaded(row: Row, links: readonly Row[], chain: readonly Row[]): StoredContact {
  const inOrder = chain.toSorted((a, b) => Number(a['chain_index'] ?? 0) - Number(b['chain_index'] ?? 0))
  const addresses = [...links.map((one) => text(one['url'])), ...addressColumns.map((name) => text(row[name]))]
  return {
    record: `downloads:${row['id']}`,
    raw: shown(addresses.find((one) => one !== '') ?? ''),
    ...spanOf([webkitTime(row['start_time'])], 1),
    fields: present({
      file: shown(text(row['target_path'])),
      mime_type: text(row['mime_type']),
      received_bytes: whole(row['received_bytes']),
      total_bytes: whole(row['total_bytes']),
      state: whole(row['state']),
      danger_type: whole(row['danger_type']),
      chain: shown(inOrder.map((one) => text(one['url'])).join(' -> ')),
      referrer: shown(text(row['referrer'])),
      ended: webkitTime(row['end_time']),
    }),
    observables: ofAll(addresses),
  }
}
