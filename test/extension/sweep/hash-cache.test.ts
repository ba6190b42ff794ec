/** The hash cache: believes only what cannot have changed, and survives damage. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestRecord, recordDigests, recordHead } from '../../../extension/native/digest-record.ts'
import type { DigestedFile, FileIdentity } from '../../../extension/native/engine.ts'
import type { Logger } from '../../../extension/runtime/log.ts'
import { type HashCache, openHashCache } from '../../../extension/sweep/hash-cache.ts'

const now = 1_800_000_000_000_000_000n
const identity: FileIdentity = {
  dev: 2049n,
  ino: 18_446_744_073_709_551_610n,
  size: 5,
  mtimeNs: 1_600_000_000_123_456_789n,
  ctimeNs: 1_600_000_001_000_000_001n,
}
const file: DigestedFile = {
  head: Uint8Array.of(0x4d, 0x5a),
  identity,
  digests: { sha256: 'ab'.repeat(32), md5: '01'.repeat(16) },
  bytesRead: 5,
}

let directory: string
let path: string
let warnings: string[]
let cache: HashCache

const log = { warn: (_fields: object, message: string) => warnings.push(message) } as unknown as Logger
const open = () => openHashCache(path, log, () => now)
const put = (...files: DigestedFile[]) => cache.putRecords(files.map(digestRecord))
const get = (one: FileIdentity) => {
  const [found] = cache.find([one])
  if (found === undefined) return undefined
  const { record, ...rest } = found
  return { head: Uint8Array.from(recordHead(record)), digests: recordDigests(record), ...rest }
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-cache-'))
  path = join(directory, 'hashes.db')
  warnings = []
  cache = open()
})

afterEach(() => {
  cache.close()
  rmSync(directory, { recursive: true })
})

describe('the hash cache', () => {
  it('gives back what was put, across processes', () => {
    put(file)
    cache.close()
    cache = open()
    expect(get(identity)).toEqual({ head: file.head, digests: file.digests })
  })

  it('remembers that an examination saw nothing, for that state and that version', () => {
    put(file)
    cache.putPlain([identity], 281_474_976_710_655)
    expect(get(identity)?.plainFor).toBe(281_474_976_710_655)
    cache.putPlain([{ ...identity, mtimeNs: 1n }], 7)
    expect(get(identity)?.plainFor).toBe(281_474_976_710_655)
    put(file)
    expect(get(identity)).toEqual({ head: file.head, digests: file.digests })
  })

  it('begins anew, without a word, where a database is of an earlier version', () => {
    cache.close()
    rmSync(path)
    const db = new DatabaseSync(path)
    db.exec('CREATE TABLE file (dev, ino, size, mtime, ctime, head, sha256, sha1, md5, sum, plain)')
    db.exec('INSERT INTO file (dev, ino) VALUES (1, 2); PRAGMA user_version = 2')
    db.close()
    cache = open()
    expect(cache.isEmpty).toBe(true)
    put(file)
    expect(get(identity)).toEqual({ head: file.head, digests: file.digests })
    expect(warnings).toEqual([])
  })

  it('answers for many files at once, of several devices, whatever else is asked', () => {
    const files = Array.from({ length: 1000 }, (_, at) => ({
      ...file,
      identity: { ...identity, dev: BigInt(at % 3), ino: BigInt(at * 7919) << 40n, size: at },
    }))
    expect(cache.isEmpty).toBe(true)
    put(...files)
    expect(cache.isEmpty).toBe(false)
    const asked = files.flatMap((one) => [one.identity, { ...one.identity, size: one.identity.size + 1 }])
    const found = cache.find(asked)
    expect(found.length).toBe(2000)
    for (const [at, one] of found.entries()) {
      expect(one?.record).toEqual(at % 2 === 0 ? digestRecord(files[at / 2] ?? file) : undefined)
    }
    expect(cache.hits).toBe(1000)
  })

  it.each(['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const)('does not believe a row when %s differs', (field) => {
    put(file)
    const other = { ...identity, [field]: field === 'size' ? 6 : identity[field as 'dev'] - 1n }
    expect(get(other)).toBeUndefined()
  })

  it('does not store a file that may still change within the grain of the clock', () => {
    put({ ...file, identity: { ...identity, ctimeNs: now - 1_000_000_000n } })
    expect(get({ ...identity, ctimeNs: now - 1_000_000_000n })).toBeUndefined()
  })

  it('remembers a file of which only the head was read', () => {
    put({ ...file, digests: {} })
    expect(get(identity)).toEqual({ head: file.head, digests: {} })
  })

  it('does not believe a row whose bytes were altered', () => {
    put(file)
    cache.close()
    const db = new DatabaseSync(path)
    db.prepare('UPDATE file SET record = ?').run(digestRecord({ ...file, digests: {} }))
    db.close()
    cache = open()
    expect(get(identity)).toBeUndefined()
  })

  it('sets a damaged file aside, says so, and starts anew', () => {
    cache.close()
    writeFileSync(path, 'this is no database, and it is long enough to be looked at'.repeat(100))
    cache = open()
    expect(warnings).toEqual(['hash cache was damaged and is built anew'])
    expect(existsSync(`${path}.damaged`)).toBe(true)
    put(file)
    expect(get(identity)?.digests).toEqual(file.digests)
  })

  it('goes on without a cache when a page turns out to be damaged later, and replaces it next time', () => {
    put(...Array.from({ length: 2000 }, (_, at) => ({ ...file, identity: { ...identity, ino: BigInt(at) } })))
    cache.close()
    const db = new DatabaseSync(path)
    const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count'])
    const size = Number(db.prepare('PRAGMA page_size').get()?.['page_size'])
    db.close()
    damage(path, size * 3, size * (pages - 1))
    cache = open()
    for (let ino = 0n; ino < 2000n; ino++) get({ ...identity, ino })
    cache.close()
    cache = open()
    put(file)
    expect(get(identity)?.digests).toEqual(file.digests)
    expect(warnings.length).toBeGreaterThan(0)
  })

  it('does not wait for another process that holds the database', () => {
    const other = new DatabaseSync(path)
    other.exec('BEGIN EXCLUSIVE')
    put(file)
    other.exec('ROLLBACK')
    other.close()
    expect(get(identity)).toBeUndefined()
    put(file)
    expect(get(identity)).toBeDefined()
  })
})

function damage(at: string, from: number, to: number): void {
  const { openSync, writeSync, closeSync } = process.getBuiltinModule('node:fs')
  const fd = openSync(at, 'r+')
  writeSync(fd, Buffer.alloc(to - from, 0xa5), 0, to - from, from)
  closeSync(fd)
}
