/** Databases in use, half written, damaged and made to hurt. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Evidence } from '../../../extension/domain/evidence.ts'
import type { SourceRecord } from '../../../extension/sources/source.ts'
import { varint } from '../../../extension/sources/sqlite/header.ts'
import { NeedleSearch } from '../../../extension/sources/sqlite/needle-search.ts'
import { rollBack } from '../../../extension/sources/sqlite/rollback.ts'
import { salvage } from '../../../extension/sources/sqlite/salvage.ts'
import { applyLog } from '../../../extension/sources/sqlite/wal.ts'
import { chromiumHistory } from '../../../extension/sources/stores/chromium-history.ts'
import { addChromiumPages, chromiumHistoryDatabase, ordinaryPages, type Page } from '../../support/browser-stores.ts'
import { expectGolden } from '../../support/golden.ts'
import { needles, needlesOf, readerOf, recordsFrom, recordsOf, sourceFile } from '../../support/source-files.ts'

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-sqlite-'))
  path = join(directory, 'History')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const contact: Page = { url: 'https://officeaddons.com/a', visits: [1_679_300_000] }
const later: Page = { url: 'https://pbxsources.com/b', visits: [1_679_310_000] }
const never: Page = { url: 'https://msstorageazure.com/c', visits: [1_679_320_000] }
const many: readonly Page[] = Array.from({ length: 4000 }, (_, at) => ({
  url: `https://site-${at}.example/${'p'.repeat(60)}`,
  visits: [1_679_000_000 + at],
}))

function addresses(records: readonly SourceRecord[]): (string | undefined)[] {
  return records.flatMap((one) => ('problem' in one ? [] : [one.raw]))
}

function codes(records: readonly SourceRecord[]): string[] {
  return records.flatMap((one) => ('problem' in one ? [one.problem.code] : []))
}

/** The whole of a file, changed. */
function edit(change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path)
  change(bytes)
  writeFileSync(path, bytes)
}

function rootPageOf(table: string): number {
  const db = new DatabaseSync(path)
  const row = db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table)
  db.close()
  return Number(row?.['rootpage'])
}

describe('a database in use', () => {
  it('is read again when its journal is gone that was there', async () => {
    chromiumHistoryDatabase(path, [...ordinaryPages, contact]).close()
    let asked = 0
    const gone = async () => {
      throw new Error('there is no such file')
    }
    const reader = { ...readerOf(path), size: 512, mayHold: async () => true }
    const beside = async (name: string) =>
      name.endsWith('-journal') && asked++ < 2 ? { ...reader, read: gone, beside } : undefined
    const records = await recordsFrom(chromiumHistory, sourceFile(path), { ...reader, beside })
    expect(addresses(records)).toEqual(['https://officeaddons.com/a'])
    expect(asked).toBe(3)
  })

  it('tells what is committed in its log, and not what is only half written there', async () => {
    const live = join(directory, 'live')
    const db = chromiumHistoryDatabase(
      live,
      [...ordinaryPages, contact],
      [],
      'PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0',
    )
    addChromiumPages(db, [later])
    db.exec('PRAGMA cache_size=5; BEGIN')
    addChromiumPages(db, [never, ...many])
    for (const ending of ['', '-wal']) copyFileSync(`${live}${ending}`, `${path}${ending}`)
    db.close()
    expect(readFileSync(`${path}-wal`, 'latin1')).toContain('msstorageazure.com')
    const records = await recordsOf(chromiumHistory, path)
    expect(codes(records)).toEqual([])
    expect(addresses(records)).toEqual([contact.url, later.url])
    await expectGolden('sources/chromium_history/log-half-committed', records)
  })

  it('is found by what stands in its log alone', async () => {
    const live = join(directory, 'live')
    const db = chromiumHistoryDatabase(live, [], [], 'PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0')
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    addChromiumPages(db, [contact])
    for (const ending of ['', '-wal']) copyFileSync(`${live}${ending}`, `${path}${ending}`)
    db.close()
    expect(readFileSync(path, 'latin1')).not.toContain('officeaddons.com')
    expect(addresses(await recordsOf(chromiumHistory, path))).toEqual([contact.url])
  })

  it('is read while another process writes and holds its lock, as it was before', async () => {
    chromiumHistoryDatabase(path, [...many, contact]).close()
    const script = join(import.meta.dirname, '../../support/browser-process.ts')
    const browser = spawn(process.execPath, [script, path, never.url], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(browser.stdout, 'data')
    const other = new DatabaseSync(path)
    expect(() => other.prepare('SELECT count(*) FROM urls').get()).toThrow(/locked/)
    other.close()
    expect(statSync(`${path}-journal`).size).toBeGreaterThan(0)
    const before = readFileSync(path)
    const records = await recordsOf(chromiumHistory, path)
    expect(addresses(records)).toEqual([contact.url])
    expect(codes(records)).toEqual([])
    expect(readFileSync(path).equals(before)).toBe(true)
    browser.stdin.end()
    await once(browser, 'exit')
    // Killed in the middle: the journal still tells how it was.
    expect(existsSync(`${path}-journal`)).toBe(true)
    expect(addresses(await recordsOf(chromiumHistory, path))).toEqual([contact.url])
  })

  it('leaves no file behind and changes none', async () => {
    chromiumHistoryDatabase(path, [contact]).close()
    const before = [readFileSync(path), statSync(path).mtimeMs] as const
    await recordsOf(chromiumHistory, path)
    expect([readFileSync(path), statSync(path).mtimeMs]).toEqual(before)
    expect(existsSync(`${path}-wal`) || existsSync(`${path}-shm`) || existsSync(`${path}-journal`)).toBe(false)
  })
})

describe('what no needle is in', () => {
  it('is not read', async () => {
    chromiumHistoryDatabase(path, many).close()
    const reader = readerOf(path)
    expect(await recordsFrom(chromiumHistory, sourceFile(path), reader)).toEqual([])
    expect(reader.bytesRead).toBeLessThanOrEqual(100)
  })

  it('is read by its pages all the same when its texts are UTF-16', async () => {
    chromiumHistoryDatabase(path, [contact], [], 'PRAGMA encoding="UTF-16le"').close()
    expect(readFileSync(path, 'latin1')).not.toContain('officeaddons.com/a')
    const records = await recordsOf(chromiumHistory, path)
    expect(records).toMatchObject([{ problem: { code: 'damaged' } }, { raw: contact.url }])
  })
})

describe('a damaged database', () => {
  beforeEach(() => chromiumHistoryDatabase(path, [...many, contact]).close())

  it('gives the rows of pages that are left when the root of a table is overwritten', async () => {
    const root = rootPageOf('urls')
    edit((bytes) => bytes.fill(0xa5, (root - 1) * 4096, root * 4096))
    const records = await recordsOf(chromiumHistory, path)
    expect(codes(records)).toEqual(['damaged'])
    expect(addresses(records)).toEqual([contact.url])
    await expectGolden('sources/chromium_history/damaged', records)
  })

  it('gives what is left of one that is cut', async () => {
    truncateSync(path, Math.floor(statSync(path).size * 0.9))
    const records = await recordsOf(chromiumHistory, path)
    expect(codes(records)).toEqual(['damaged'])
    expect(addresses(records).filter((one) => one === contact.url).length).toBeLessThanOrEqual(1)
  })

  it('gives its rows when the first page is overwritten', async () => {
    edit((bytes) => bytes.fill(0, 0, 4096))
    const records = await recordsOf(chromiumHistory, path)
    expect(codes(records)).toEqual(['damaged'])
    expect(addresses(records)).toEqual([contact.url])
  })

  it('tells a row once, whether SQLite or its page gave it', async () => {
    const root = rootPageOf('downloads_url_chains')
    edit((bytes) => bytes.fill(0xa5, (root - 1) * 4096, root * 4096))
    const records = await recordsOf(chromiumHistory, path)
    expect(codes(records)).toEqual(['damaged'])
    expect(addresses(records)).toEqual([contact.url])
    expect((records.find((one) => !('problem' in one)) as Evidence).time).toBe(1_679_300_000)
  })
})

describe('a hostile database', () => {
  /** Replaces what a browser would have made. */
  function hostile(sql: string): void {
    const db = chromiumHistoryDatabase(path, [])
    db.exec('DROP TABLE urls')
    db.exec(sql)
    db.close()
  }

  it('with a view without end for a table is not asked, and says so', async () => {
    hostile(`CREATE VIEW urls AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)
      SELECT x AS id, 'https://officeaddons.com/' || x AS url, '' AS title, 1 AS visit_count, 0 AS typed_count, 0 AS last_visit_time FROM c`)
    const records = await recordsOf(chromiumHistory, path)
    expect(codes(records)).toEqual(['damaged'])
    expect(addresses(records)).toEqual([])
  })

  it('with a virtual table is read by its pages', async () => {
    hostile(`CREATE VIRTUAL TABLE urls USING fts5(url); INSERT INTO urls VALUES('https://officeaddons.com/')`)
    const records = await recordsOf(chromiumHistory, path)
    expect(codes(records)).toEqual(['damaged'])
    expect(addresses(records)).toEqual(['https://officeaddons.com/'])
  })

  it('with columns that compute is read by its pages', async () => {
    hostile(`CREATE TABLE urls(id INTEGER PRIMARY KEY, seed TEXT, url TEXT AS (printf('%.*c', 100000000, seed)));
      INSERT INTO urls(seed) VALUES('https://officeaddons.com/seed')`)
    const records = await recordsOf(chromiumHistory, path)
    expect(codes(records)).toEqual(['damaged'])
    expect(addresses(records)).toEqual(['https://officeaddons.com/seed'])
  })

  it('with values of other types gives what is an address, and no time that is none', async () => {
    hostile(`CREATE TABLE urls(id, url, title, visit_count, typed_count, last_visit_time);
      INSERT INTO urls VALUES(1, 17, 'officeaddons.com', 1, 0, 0), (NULL, NULL, NULL, NULL, NULL, NULL),
        ('a', CAST('https://officeaddons.com/blob' AS BLOB), x'00ff', 'many', -1, 'yesterday'),
        (3, 'https://officeaddons.com/text', 5, 1e300, 0, 9223372036854775807),
        (4, 'https://officeaddons.com/early', '', -7, 0, -9223372036854775808)`)
    const records = await recordsOf(chromiumHistory, path)
    expect(codes(records)).toEqual([])
    expect(addresses(records)).toEqual(['blob', 'text', 'early'].map((end) => `https://officeaddons.com/${end}`))
    expect(records.filter((one) => 'time' in one)).toEqual([])
    await expectGolden('sources/chromium_history/wrong-types', records)
  })

  it('with a text of 30 MB shows its beginning', async () => {
    hostile('CREATE TABLE urls(id INTEGER PRIMARY KEY, url TEXT, title TEXT)')
    const db = new DatabaseSync(path)
    db.prepare('INSERT INTO urls VALUES(1, ?, ?)').run(`https://officeaddons.com/${'a'.repeat(30e6)}`, 'b'.repeat(30e6))
    db.prepare('INSERT INTO urls VALUES(2, ?, ?)').run('https://pbxsources.com/', '')
    db.close()
    const records = await recordsOf(chromiumHistory, path)
    expect(addresses(records).map((one) => one?.slice(0, 25))).toEqual([
      'https://officeaddons.com/',
      'https://pbxsources.com/',
    ])
    expect(JSON.stringify(records).length).toBeLessThan(60_000)
  })

  it('larger than the bound is a problem and is not read', async () => {
    chromiumHistoryDatabase(path, [contact]).close()
    const reader = readerOf(path)
    const file = { ...sourceFile(path), size: 600 << 20 }
    const records = await recordsFrom(chromiumHistory, file, reader)
    expect(codes(records)).toEqual(['too_big'])
    expect(reader.bytesRead).toBeLessThan(4096)
  })

  it('that cannot be read is a problem', async () => {
    chromiumHistoryDatabase(path, [contact]).close()
    const reader = { ...readerOf(path), read: () => Promise.reject(new Error('EACCES: permission denied')) }
    const records = await recordsFrom(chromiumHistory, sourceFile(path), reader)
    expect(records).toEqual([{ problem: { code: 'io', message: 'cannot read History: EACCES: permission denied' } }])
  })

  it('is left at once when the hunt is aborted', async () => {
    chromiumHistoryDatabase(path, [contact]).close()
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(recordsFrom(chromiumHistory, sourceFile(path), readerOf(path), needles, signal)).rejects.toThrow(
      'enough',
    )
  })
})

describe('whatever bytes there are', () => {
  const search = new NeedleSearch(needles.texts)
  const limits = { maxRows: 100, isLate: () => false }

  function small(): Buffer {
    chromiumHistoryDatabase(path, [...ordinaryPages, contact], [], 'PRAGMA page_size=512').close()
    return readFileSync(path)
  }

  const edits = (length: number) =>
    fc.array(fc.tuple(fc.nat(length - 1), fc.oneof(fc.constantFrom(0, 0xff, 0x7f, 0x80), fc.nat(255))), {
      minLength: 1,
      maxLength: 40,
    })

  it('a mutated database is answered, with few words', async () => {
    const bytes = small()
    await fc.assert(
      fc.asyncProperty(edits(bytes.length), fc.nat(bytes.length), async (changes, cut) => {
        const mutated = Buffer.from(bytes)
        for (const [at, value] of changes) mutated[at] = value
        writeFileSync(path, cut % 3 === 0 ? mutated.subarray(0, cut) : mutated)
        const records = await recordsOf(chromiumHistory, path, { ...needles, mayHold: () => true })
        expect(codes(records).every((code) => code === 'damaged')).toBe(true)
        expect(JSON.stringify(records).length).toBeLessThan(100_000)
      }),
      { numRuns: 400 },
    )
  })

  it('cut at every place it is answered by its pages', () => {
    const bytes = small()
    for (let length = 0; length < bytes.length; length += 7) salvage(bytes.subarray(0, length), search, limits)
  })

  it('mutated pages, logs and journals end', () => {
    const bytes = small()
    fc.assert(
      fc.property(edits(bytes.length), (changes) => {
        const mutated = Buffer.from(bytes)
        for (const [at, value] of changes) mutated[at] = value
        expect(salvage(mutated, search, limits).rows.length).toBeLessThanOrEqual(100)
        expect(applyLog(bytes, mutated, 1 << 20).frames).toBe(0)
        expect(rollBack(bytes, mutated, 1 << 20).pages).toBe(0)
      }),
      { numRuns: 1000 },
    )
  })

  it('a log with a header and noise behind it adds nothing', () => {
    const database = new Uint8Array(4096)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9000 }), (tail) => {
        const log = Buffer.concat([Buffer.from('377f0682002de21800001000', 'hex'), tail])
        expect(applyLog(database, log, 1 << 20)).toMatchObject({ bytes: database, frames: 0 })
      }),
    )
  })

  it('cells that all are the same large row are billed', () => {
    const page = Buffer.alloc(65536)
    page.write('SQLite format 3\0', 'latin1')
    page.writeUInt16BE(1, 16)
    const pages = Buffer.alloc(65536 * 20)
    page.copy(pages)
    for (let at = 1; at < 20; at++) {
      const start = at * 65536
      pages[start] = 0x0d
      pages.writeUInt16BE(30_000, start + 3)
      for (let cell = 0; cell < 30_000; cell++) pages.writeUInt16BE(60_100, start + 8 + 2 * cell)
      pages.set([0xaa, 0x18, 1, 3, 0xd4, 0x37], start + 60_100)
    }
    const started = performance.now()
    expect(salvage(pages, search, { maxRows: 1e6, isLate: () => false }).isCut).toBe(true)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('the search of the thread', () => {
  it('says what Needles.mayHold says', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '.', 'é', '😀'), maxLength: 12 })
    fc.assert(
      fc.property(fc.array(letters.filter((one) => one !== '')), letters, (texts, text) => {
        // ASCII case alone, as the native search.
        const lower = texts.map((one) => one.replace(/A/g, 'a'))
        const expected = needlesOf(lower).mayHold(text) || lower.some((one) => Buffer.byteLength(one) < 3)
        expect(new NeedleSearch(lower).isIn(text)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })
})

it('numbers of one to nine bytes are read, and none beyond what is exact', () => {
  const value = (digits: string) => varint(Buffer.from(digits, 'hex'), 0)
  expect(value('7f')).toEqual({ value: 127, next: 1 })
  expect(value('8100')).toEqual({ value: 128, next: 2 })
  expect(value('81')).toBeUndefined()
  expect(value('ffffffffffffffffff')).toBeUndefined()
})
