/**
 * What macOS' own loading of URLs keeps: jars of cookies, caches of answers, what servers told of themselves.
 */
import { type Cookie, create } from './browser-stores.ts'
import { be, join, le, zeros } from './byte-writer.ts'

const double = (value: number) => new Uint8Array(new Float64Array([value]).buffer)
const mac = (seconds: number) => seconds - 978_307_200

/** `*.binarycookies`, as many cookies on a page as told. */
export function binaryCookiesFile(cookies: readonly Cookie[], perPage = 2): Uint8Array {
  const pages: Uint8Array[] = []
  for (let at = 0; at < cookies.length; at += perPage) pages.push(page(cookies.slice(at, at + perPage)))
  const sizes = pages.map(({ length }) => be(length, 4))
  const footer = join(be(0, 4), be(0x071720050000004bn, 8))
  return join('cook', be(pages.length, 4), ...sizes, ...pages, footer)
}

function page(cookies: readonly Cookie[]): Uint8Array {
  const records = cookies.map(record)
  let at = 8 + 4 * records.length + 4
  const offsets = records.map(({ length }) => {
    at += length
    return le(at - length, 4)
  })
  return join(be(0x100, 4), le(records.length, 4), ...offsets, zeros(4), ...records)
}

function record({ host, name, created, used }: Cookie): Uint8Array {
  const texts = [host, name, '/', 'secret'].map((text) => join(text, zeros(1)))
  let at = 56
  const offsets = texts.map(({ length }) => {
    at += length
    return le(at - length, 4)
  })
  const expires = double(mac(used + 86_400))
  return join(le(at, 4), zeros(4), le(5, 4), zeros(4), ...offsets, zeros(8), expires, double(mac(created)), ...texts)
}

/** An answer that was kept, unix seconds. */
export interface KeptAnswer {
  readonly url: string
  readonly time: number
}

/** Writes `Cache.db`. */
export function urlCacheDatabase(path: string, answers: readonly KeptAnswer[]): void {
  const db = create(
    path,
    `CREATE TABLE cfurl_cache_response(entry_ID INTEGER PRIMARY KEY AUTOINCREMENT UNIQUE, version INTEGER, hash_value INTEGER,
       storage_policy INTEGER, request_key TEXT UNIQUE, time_stamp NOT NULL DEFAULT CURRENT_TIMESTAMP, partition TEXT);
     CREATE TABLE cfurl_cache_blob_data(entry_ID INTEGER PRIMARY KEY, response_object BLOB, request_object BLOB, proto_props BLOB,
       user_info BLOB);
     CREATE TABLE cfurl_cache_receiver_data(entry_ID INTEGER PRIMARY KEY, isDataOnFS INTEGER, receiver_data BLOB);
     CREATE TABLE cfurl_cache_schema_version(schema_version INTEGER);
     CREATE INDEX request_key_index ON cfurl_cache_response(request_key);`,
    'PRAGMA journal_mode=WAL',
  )
  const add = db.prepare('INSERT INTO cfurl_cache_response VALUES(NULL, 0, 1, 0, ?, ?, NULL)')
  const body = db.prepare('INSERT INTO cfurl_cache_receiver_data VALUES(?, 0, ?)')
  for (const { url, time } of answers) {
    const { lastInsertRowid: id } = add.run(url, new Date(time * 1000).toISOString().slice(0, 19).replace('T', ' '))
    body.run(id, Buffer.from('{"see":"https://pbxsources.com/in-a-body"}'))
  }
  db.close()
}

/** Writes `httpstorages.sqlite` with a table of hosts. */
export function httpStorageDatabase(path: string, hosts: readonly string[]): void {
  const db = create(
    path,
    `CREATE TABLE alternative(id INTEGER PRIMARY KEY, host TEXT NOT NULL, port INTEGER, protocol TEXT);
     CREATE INDEX by_host ON alternative(host);`,
    'PRAGMA journal_mode=WAL',
  )
  const add = db.prepare(`INSERT INTO alternative VALUES(NULL, ?, 443, 'h3')`)
  for (const host of hosts) add.run(host)
  db.close()
}
