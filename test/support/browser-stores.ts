/**
 * Stores of browsers, made by SQLite itself: real databases with the tables and columns that browsers have.
 *
 * Rows of the campaign lie among a profile's ordinary ones; look-alikes hold the same names inside other hosts.
 */
import { DatabaseSync } from 'node:sqlite'

/** A visited page; `visits` in unix seconds. */
export interface Page {
  readonly url: string
  readonly title?: string
  readonly visits: readonly number[]
}

/** A download; every address of its chain in order. */
export interface Download {
  readonly chain: readonly string[]
  readonly file: string
  readonly started: number
  readonly referrer?: string
}

/** A cookie's host. */
export interface Cookie {
  readonly host: string
  readonly name: string
  readonly created: number
  readonly used: number
}

/** Look-alikes: none of these is a contact. */
export const lookAlikes: readonly Page[] = [
  { url: 'https://notofficeaddons.com.example/', title: 'officeaddons.com', visits: [1_679_900_000] },
  { url: 'https://blog.example/?q=pbxsources.com', visits: [1_679_900_001] },
  { url: 'https://pbxsources.com.evil.example/', visits: [1_679_900_002] },
]

/** Ordinary pages. */
export const ordinaryPages: readonly Page[] = Array.from({ length: 40 }, (_, at) => ({
  url: `https://site-${at}.example/page/${at}`,
  title: `Page ${at}`,
  visits: [1_679_000_000 + at, 1_679_500_000 + at],
}))

/** Microseconds since 1601. */
export function webkit(seconds: number): bigint {
  return BigInt(Math.round((seconds + 11_644_473_600) * 1e6))
}

/** Opens a new database. */
export function create(path: string, schema: string, pragmas = 'PRAGMA journal_mode=DELETE'): DatabaseSync {
  const db = new DatabaseSync(path)
  db.exec(pragmas)
  db.exec(schema)
  return db
}

const chromiumSchema = `
CREATE TABLE meta(key LONGVARCHAR NOT NULL UNIQUE PRIMARY KEY, value LONGVARCHAR);
CREATE TABLE urls(id INTEGER PRIMARY KEY AUTOINCREMENT,url LONGVARCHAR,title LONGVARCHAR,visit_count INTEGER DEFAULT 0 NOT NULL,
  typed_count INTEGER DEFAULT 0 NOT NULL,last_visit_time INTEGER NOT NULL,hidden INTEGER DEFAULT 0 NOT NULL);
CREATE INDEX urls_url_index ON urls (url);
CREATE TABLE visits(id INTEGER PRIMARY KEY AUTOINCREMENT,url INTEGER NOT NULL,visit_time INTEGER NOT NULL,from_visit INTEGER,
  transition INTEGER DEFAULT 0 NOT NULL,segment_id INTEGER,visit_duration INTEGER DEFAULT 0 NOT NULL);
CREATE INDEX visits_url_index ON visits (url);
CREATE TABLE downloads (id INTEGER PRIMARY KEY,guid VARCHAR NOT NULL,current_path LONGVARCHAR NOT NULL,target_path LONGVARCHAR NOT NULL,
  start_time INTEGER NOT NULL,received_bytes INTEGER NOT NULL,total_bytes INTEGER NOT NULL,state INTEGER NOT NULL,danger_type INTEGER NOT NULL,
  interrupt_reason INTEGER NOT NULL,hash BLOB NOT NULL,end_time INTEGER NOT NULL,opened INTEGER NOT NULL,referrer VARCHAR NOT NULL,
  site_url VARCHAR NOT NULL,tab_url VARCHAR NOT NULL,tab_referrer_url VARCHAR NOT NULL,mime_type VARCHAR(255) NOT NULL);
CREATE TABLE downloads_url_chains (id INTEGER NOT NULL,chain_index INTEGER NOT NULL,url LONGVARCHAR NOT NULL, PRIMARY KEY (id, chain_index));
CREATE TABLE keyword_search_terms (keyword_id INTEGER NOT NULL,url_id INTEGER NOT NULL,term LONGVARCHAR NOT NULL,normalized_term LONGVARCHAR NOT NULL);
`

/** Writes Chromium's `History` and leaves it open. */
export function chromiumHistoryDatabase(
  path: string,
  pages: readonly Page[],
  downloads: readonly Download[] = [],
  pragmas?: string,
): DatabaseSync {
  const db = create(path, chromiumSchema, pragmas)
  db.exec('BEGIN')
  addChromiumPages(db, pages)
  const download = db.prepare(
    `INSERT INTO downloads VALUES(?, 'guid', '', ?, ?, 1024, 2048, 1, 0, 0, x'', ?, 0, ?, '', ?, '', 'application/octet-stream')`,
  )
  const link = db.prepare('INSERT INTO downloads_url_chains VALUES(?, ?, ?)')
  for (const [at, one] of downloads.entries()) {
    download.run(at + 1, one.file, webkit(one.started), webkit(one.started + 2), one.referrer ?? '', one.referrer ?? '')
    for (const [place, url] of one.chain.entries()) link.run(at + 1, place, url)
  }
  db.exec('COMMIT')
  return db
}

/** Adds visited pages within whatever transaction is open. */
export function addChromiumPages(db: DatabaseSync, pages: readonly Page[]): void {
  const url = db.prepare('INSERT INTO urls(url, title, visit_count, last_visit_time) VALUES(?, ?, ?, ?)')
  const visit = db.prepare('INSERT INTO visits(url, visit_time) VALUES(?, ?)')
  for (const page of pages) {
    const last = page.visits.at(-1)
    const { lastInsertRowid } = url.run(
      page.url,
      page.title ?? '',
      page.visits.length,
      last === undefined ? 0 : webkit(last),
    )
    for (const time of page.visits) visit.run(lastInsertRowid, webkit(time))
  }
}

/** Writes Chromium's `Cookies`. */
export function chromiumCookiesDatabase(path: string, cookies: readonly Cookie[]): void {
  const db = create(
    path,
    `CREATE TABLE cookies(creation_utc INTEGER NOT NULL,host_key TEXT NOT NULL,top_frame_site_key TEXT NOT NULL,name TEXT NOT NULL,
      value TEXT NOT NULL,encrypted_value BLOB NOT NULL,path TEXT NOT NULL,expires_utc INTEGER NOT NULL,last_access_utc INTEGER NOT NULL,
      last_update_utc INTEGER NOT NULL);
     CREATE UNIQUE INDEX cookies_unique_index ON cookies(host_key, top_frame_site_key, name, path);`,
  )
  const add = db.prepare(`INSERT INTO cookies VALUES(?, ?, '', ?, 'secret', x'763130', '/', 0, ?, ?)`)
  for (const { host, name, created, used } of cookies) {
    add.run(webkit(created), host, name, webkit(used), webkit(created))
  }
  db.close()
}

/** Writes Chromium's `Favicons`; an icon per page, at /favicon.ico of its host. */
export function chromiumFaviconsDatabase(path: string, pages: readonly Page[]): void {
  const db = create(
    path,
    `CREATE TABLE favicons(id INTEGER PRIMARY KEY,url LONGVARCHAR NOT NULL,icon_type INTEGER DEFAULT 1);
     CREATE TABLE favicon_bitmaps(id INTEGER PRIMARY KEY,icon_id INTEGER NOT NULL,last_updated INTEGER DEFAULT 0,image_data BLOB,
       width INTEGER DEFAULT 0,height INTEGER DEFAULT 0,last_requested INTEGER DEFAULT 0);
     CREATE TABLE icon_mapping(id INTEGER PRIMARY KEY,page_url LONGVARCHAR NOT NULL,icon_id INTEGER);`,
  )
  for (const [at, page] of pages.entries()) {
    const id = at + 1
    db.prepare('INSERT INTO favicons VALUES(?, ?, 1)').run(id, new URL('/favicon.ico', page.url).href)
    db.prepare(`INSERT INTO favicon_bitmaps VALUES(?, ?, ?, x'00', 16, 16, 0)`).run(id, id, webkit(page.visits[0] ?? 0))
    db.prepare('INSERT INTO icon_mapping VALUES(?, ?, ?)').run(id, page.url, id)
  }
  db.close()
}

/** Writes Firefox's `places.sqlite` and leaves it open. Bookmarks are places without a visit. */
export function firefoxPlacesDatabase(
  path: string,
  pages: readonly Page[],
  downloads: readonly Download[] = [],
): DatabaseSync {
  const db = create(
    path,
    `CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url LONGVARCHAR, title LONGVARCHAR, rev_host LONGVARCHAR, visit_count INTEGER DEFAULT 0,
       hidden INTEGER DEFAULT 0 NOT NULL, typed INTEGER DEFAULT 0 NOT NULL, frecency INTEGER DEFAULT -1 NOT NULL, last_visit_date INTEGER, guid TEXT);
     CREATE INDEX moz_places_hostindex ON moz_places (rev_host);
     CREATE TABLE moz_historyvisits (id INTEGER PRIMARY KEY, from_visit INTEGER, place_id INTEGER, visit_date INTEGER, visit_type INTEGER, session INTEGER);
     CREATE TABLE moz_anno_attributes (id INTEGER PRIMARY KEY, name VARCHAR(32) UNIQUE NOT NULL);
     CREATE TABLE moz_annos (id INTEGER PRIMARY KEY, place_id INTEGER NOT NULL, anno_attribute_id INTEGER, content LONGVARCHAR,
       flags INTEGER DEFAULT 0, expiration INTEGER DEFAULT 0, type INTEGER DEFAULT 0, dateAdded INTEGER DEFAULT 0, lastModified INTEGER DEFAULT 0);
     INSERT INTO moz_anno_attributes VALUES(1, 'bookmarkProperties/description'), (2, 'downloads/destinationFileURI'), (3, 'downloads/metaData');`,
    'PRAGMA page_size=32768; PRAGMA journal_mode=WAL',
  )
  const place = db.prepare('INSERT INTO moz_places(url, title, visit_count, last_visit_date) VALUES(?, ?, ?, ?)')
  const visit = db.prepare('INSERT INTO moz_historyvisits(place_id, visit_date, visit_type) VALUES(?, ?, 1)')
  const note = db.prepare('INSERT INTO moz_annos(place_id, anno_attribute_id, content, dateAdded) VALUES(?, ?, ?, ?)')
  const add = ({ url, title, visits }: Page) => {
    const last = visits.at(-1)
    const { lastInsertRowid: id } = place.run(url, title ?? '', visits.length, last === undefined ? null : last * 1e6)
    for (const time of visits) visit.run(id, time * 1e6)
    return id
  }
  for (const page of pages) add(page)
  for (const { chain, file, started } of downloads) {
    const id = add({ url: chain.at(-1) ?? '', visits: [started] })
    note.run(id, 2, `file://${file}`, started * 1e6)
    note.run(id, 3, JSON.stringify({ state: 1, endTime: (started + 2) * 1000, fileSize: 1024 }), started * 1e6)
  }
  return db
}

/** Writes Firefox's `cookies.sqlite`. */
export function firefoxCookiesDatabase(path: string, cookies: readonly Cookie[]): void {
  const db = create(
    path,
    `CREATE TABLE moz_cookies (id INTEGER PRIMARY KEY, originAttributes TEXT NOT NULL DEFAULT '', name TEXT, value TEXT, host TEXT, path TEXT,
      expiry INTEGER, lastAccessed INTEGER, creationTime INTEGER, isSecure INTEGER, isHttpOnly INTEGER)`,
  )
  const add = db.prepare(`INSERT INTO moz_cookies VALUES(NULL, '', ?, 'secret', ?, '/', 0, ?, ?, 1, 1)`)
  for (const { host, name, created, used } of cookies) add.run(name, host, used * 1e6, created * 1e6)
  db.close()
}

/** Writes Firefox's `formhistory.sqlite`. */
export function firefoxFormsDatabase(path: string, values: readonly string[]): void {
  const db = create(
    path,
    `CREATE TABLE moz_formhistory (id INTEGER PRIMARY KEY, fieldname TEXT NOT NULL, value TEXT NOT NULL, timesUsed INTEGER,
      firstUsed INTEGER, lastUsed INTEGER, guid TEXT)`,
  )
  const add = db.prepare(`INSERT INTO moz_formhistory VALUES(NULL, 'url', ?, 2, ?, ?, '')`)
  for (const value of values) add.run(value, 1_679_000_000 * 1e6, 1_679_000_500 * 1e6)
  db.close()
}

/** Writes Safari's `History.db`. */
export function safariHistoryDatabase(path: string, pages: readonly Page[]): void {
  const db = create(
    path,
    `CREATE TABLE history_items (id INTEGER PRIMARY KEY AUTOINCREMENT,url TEXT NOT NULL UNIQUE,domain_expansion TEXT NULL,visit_count INTEGER NOT NULL);
     CREATE TABLE history_visits (id INTEGER PRIMARY KEY AUTOINCREMENT,history_item INTEGER NOT NULL,visit_time REAL NOT NULL,title TEXT NULL,
       load_successful BOOLEAN NOT NULL DEFAULT 1,origin INTEGER NOT NULL DEFAULT 0);`,
  )
  for (const { url, title, visits } of pages) {
    const { lastInsertRowid: id } = db
      .prepare('INSERT INTO history_items(url, visit_count) VALUES(?, ?)')
      .run(url, visits.length)
    for (const time of visits) {
      db.prepare('INSERT INTO history_visits(history_item, visit_time, title) VALUES(?, ?, ?)').run(
        id,
        time - 978_307_200 + 0.25,
        title ?? null,
      )
    }
  }
  db.close()
}
