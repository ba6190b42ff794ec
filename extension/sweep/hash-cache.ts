/**
 * Digests of files that have not changed, so that a second sweep reads nothing. Which files a full pass need not even
 * ask about is in settled-store.ts.
 *
 * A row is believed when device, inode, size, mtime and ctime are all the same: ctime cannot be set back by touching
 * a file. A file whose ctime is very recent is not stored, because a change within the clock's grain would not move
 * it again. Every row carries a checksum; a damaged database is set aside and built anew. The cache is a convenience:
 * when it cannot be used, files are read.
 */
import { renameSync, rmSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { identityBytes, identityLength } from '../native/digest-record.ts'
import type { FileIdentity } from '../native/engine.ts'
import type { Logger } from '../runtime/log.ts'

/** What is remembered of one state of one file. */
export interface CachedFile {
  /** As it was put (native/digest-record.ts). */
  readonly record: Buffer
  /** Version of the examination that saw nothing in it; absent: it was not examined, or something was seen. */
  readonly plainFor?: number
}

/** Remembers digests between sweeps. */
export interface HashCache {
  /** Whether nothing was put yet. */
  readonly isEmpty: boolean
  /** What is known of these states of files, one for each. */
  find(identities: readonly FileIdentity[]): readonly (CachedFile | undefined)[]
  /** Remembers records of digested files; those of files whose ctime is too recent are passed over. */
  putRecords(records: readonly Buffer[]): void
  /** Remembers that an examination of this version saw nothing in files whose digests are remembered. */
  putPlain(files: readonly FileIdentity[], version: number): void
  /** How often `find` knew the answer. */
  readonly hits: number
  close(): void
}

/** A cache that remembers nothing. */
export const noCache: HashCache = {
  isEmpty: true,
  find: (identities) => identities.map(() => undefined),
  putRecords: () => {},
  putPlain: () => {},
  hits: 0,
  close: () => {},
}

/** ctime younger than this when stored could hide a change; seconds to nanoseconds. Covers FAT's 2-second grain. */
const unsettledNs = 2_000_000_000n
/** Where a record keeps them. */
const inoAt = 8
const ctimeAt = 32
/** Size on disk at which the cache starts anew: about five million files. Asked by pages, because counting rows reads all. */
const maxBytes = 512 * 1024 * 1024

const schema = `
  CREATE TABLE IF NOT EXISTS file (
    dev INTEGER NOT NULL, ino INTEGER NOT NULL, record BLOB NOT NULL, sum INTEGER NOT NULL, plain INTEGER,
    PRIMARY KEY (dev, ino)
  ) WITHOUT ROWID;
`
/** Versions 1 and 2 had a column for each part of a record; what they knew is read anew. */
const schemaVersion = 3

/** Rows that one statement writes or asks for: each call costs as much as a few rows. */
const rowsAtOnce = 64

/** Opens the cache file; a damaged one is renamed to `<path>.damaged` and replaced. */
export function openHashCache(path: string, log: Logger, nowNs: () => bigint): HashCache {
  try {
    return new SqliteHashCache(open(path), log, nowNs, path)
  } catch (error) {
    if (isBusy(error)) {
      log.warn({ path }, 'hash cache is in use by another process, sweeping without it')
      return noCache
    }
    return rebuild(path, log, nowNs, error)
  }
}

function rebuild(path: string, log: Logger, nowNs: () => bigint, error: unknown): HashCache {
  log.warn({ path, set_aside: `${path}.damaged`, err: error }, 'hash cache was damaged and is built anew')
  try {
    setAside(path)
    return new SqliteHashCache(open(path), log, nowNs, path)
  } catch (cause) {
    log.warn({ path, err: cause }, 'hash cache cannot be used, sweeping without it')
    return noCache
  }
}

function setAside(path: string): void {
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
  renameSync(path, `${path}.damaged`)
}

function open(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 0 })
  try {
    // Nothing is synced, because that held the event loop for a tenth of a second: a killed process loses nothing by it,
    // and what a power cut leaves is caught by the checksums.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192')
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
    if (version === 1 || version === 2) db.exec('DROP TABLE IF EXISTS file')
    else if (version !== 0 && version !== schemaVersion) throw new Error(`unknown schema version ${version}`)
    db.exec(`${schema} PRAGMA user_version = ${schemaVersion}`)
    db.prepare('SELECT 1 FROM file LIMIT 1').get()
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && /database is (locked|busy)/.test(error.message)
}

class SqliteHashCache implements HashCache {
  readonly #db: DatabaseSync
  readonly #log: Logger
  readonly #nowNs: () => bigint
  readonly #path: string
  readonly #select: StatementSync
  readonly #insert: StatementSync
  readonly #insertMany: StatementSync
  readonly #markPlain: StatementSync
  hits = 0
  #isEmpty = true
  #usable = true

  constructor(db: DatabaseSync, log: Logger, nowNs: () => bigint, path: string) {
    this.#db = db
    this.#log = log
    this.#nowNs = nowNs
    this.#path = path
    const asked = new Array(rowsAtOnce).fill('?').join()
    this.#select = db.prepare(`SELECT ino, record, sum, plain FROM file WHERE dev = ? AND ino IN (${asked})`)
    this.#select.setReadBigInts(true)
    const insert = 'INSERT OR REPLACE INTO file (dev, ino, record, sum) VALUES '
    this.#insert = db.prepare(`${insert} (?,?,?,?)`)
    this.#insertMany = db.prepare(insert + new Array(rowsAtOnce).fill('(?,?,?,?)').join())
    this.#markPlain = db.prepare('UPDATE file SET plain = ? WHERE dev = ? AND ino = ? AND substr(record, 1, ?) = ?')
  }

  get isEmpty(): boolean {
    if (this.#isEmpty)
      this.#isEmpty = this.#guard(() => this.#db.prepare('SELECT 1 FROM file LIMIT 1').get()) === undefined
    return this.#isEmpty
  }

  find(identities: readonly FileIdentity[]): readonly (CachedFile | undefined)[] {
    const found = new Array<CachedFile | undefined>(identities.length).fill(undefined)
    for (const [dev, places] of Map.groupBy(identities.keys(), (at) => identities[at]?.dev ?? 0n)) {
      for (let from = 0; this.#usable && from < places.length; from += rowsAtOnce) {
        const some = places.slice(from, from + rowsAtOnce)
        this.#guard(() => this.#findSome(dev, some, identities, found))
      }
    }
    return found
  }

  #findSome(
    dev: bigint,
    places: readonly number[],
    identities: readonly FileIdentity[],
    found: (CachedFile | undefined)[],
  ) {
    const inodes = places.map((at) => signed(identities[at]?.ino ?? 0n))
    const rows = new Map<unknown, Record<string, unknown>>()
    const last = inodes.at(-1) ?? 0n
    const asked = inodes.concat(new Array<bigint>(rowsAtOnce - inodes.length).fill(last))
    for (const row of this.#select.all(signed(dev), ...asked)) rows.set(row['ino'], row)
    for (const [index, at] of places.entries()) {
      const row = rows.get(inodes[index])
      const identity = identities[at]
      if (row === undefined || identity === undefined || !(row['record'] instanceof Uint8Array)) continue
      const record = Buffer.from(row['record'].buffer, row['record'].byteOffset, row['record'].byteLength)
      if (!record.subarray(0, identityLength).equals(identityBytes(identity))) continue
      if (row['sum'] !== BigInt(crc32(record))) continue
      this.hits++
      const plain = row['plain']
      found[at] = { record, ...(typeof plain === 'bigint' && { plainFor: Number(plain) }) }
    }
  }

  putRecords(records: readonly Buffer[]): void {
    if (!this.#usable || records.length === 0) return
    const before = this.#nowNs() - unsettledNs
    const settled = records.filter((record) => record.readBigInt64LE(ctimeAt) < before)
    // In the order of the table, about: neighbours then share a page.
    settled.sort((a, b) => a.readUInt32LE(0) - b.readUInt32LE(0) || a.readUIntLE(inoAt, 6) - b.readUIntLE(inoAt, 6))
    const whole = settled.length - (settled.length % rowsAtOnce)
    const row: SQLInputValue[] = []
    this.#write(() => {
      for (const [at, record] of settled.entries()) {
        row.push(record.readBigInt64LE(0), record.readBigInt64LE(inoAt), record, crc32(record))
        if (at < whole && row.length < 4 * rowsAtOnce) continue
        const insert = at < whole ? this.#insertMany : this.#insert
        insert.run(...row)
        row.length = 0
      }
    })
  }

  putPlain(files: readonly FileIdentity[], version: number): void {
    if (files.length === 0) return
    this.#write(() => {
      for (const file of files) {
        this.#markPlain.run(version, signed(file.dev), signed(file.ino), identityLength, identityBytes(file))
      }
    })
  }

  /** In one transaction. */
  #write(work: () => void): void {
    if (!this.#usable) return
    this.#guard(() => {
      this.#db.exec('BEGIN IMMEDIATE')
      try {
        work()
        this.#db.exec('COMMIT')
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
        throw error
      }
    })
  }

  close(): void {
    if (this.#usable) this.#guard(() => this.#prune())
    this.#db.close()
    if (!this.#usable) setAside(this.#path)
  }

  #prune(): void {
    const number = (pragma: string) => Number(Object.values(this.#db.prepare(`PRAGMA ${pragma}`).get() ?? {})[0])
    if (number('page_count') * number('page_size') > maxBytes) this.#db.exec('DELETE FROM file; VACUUM')
  }

  /** A lock or a damaged page must never stop a sweep: say it once, go on without, set the file aside on closing. */
  #guard<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (isBusy(error)) return undefined
      this.#usable = false
      this.#log.warn({ path: this.#path, err: error }, 'hash cache is damaged, sweeping on without it')
      return undefined
    }
  }
}

/** Inode numbers are unsigned 64-bit, SQLite integers signed. */
function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value)
}
