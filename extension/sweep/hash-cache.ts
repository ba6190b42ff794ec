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
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { DigestedFile, FileIdentity } from '../native/engine.ts'
import type { Logger } from '../runtime/log.ts'
import { blob, blobsOf, checksum, hexDigests, signed } from './cache-row.ts'

/** What is remembered of one state of one file. */
export interface CachedFile extends Pick<DigestedFile, 'head' | 'digests'> {
  /** Version of the examination that saw nothing in it; absent: it was not examined, or something was seen. */
  readonly plainFor?: number
}

/** Remembers digests between sweeps. */
export interface HashCache {
  /** What is known of this state of the file. */
  get(identity: FileIdentity): CachedFile | undefined
  /** Remembers results; identities whose ctime is too recent are passed over. */
  put(files: readonly DigestedFile[]): void
  /** Remembers that an examination of this version saw nothing in files whose digests are remembered. */
  putPlain(files: readonly FileIdentity[], version: number): void
  /** How often `get` knew the answer. */
  readonly hits: number
  close(): void
}

/** A cache that remembers nothing. */
export const noCache: HashCache = { get: () => undefined, put: () => {}, putPlain: () => {}, hits: 0, close: () => {} }

/** ctime younger than this when stored could hide a change; seconds to nanoseconds. Covers FAT's 2-second grain. */
const unsettledNs = 2_000_000_000n
/** Size on disk at which the cache starts anew: about three million files. Asked by pages, because counting rows reads all. */
const maxBytes = 512 * 1024 * 1024

const schema = `
  CREATE TABLE IF NOT EXISTS file (
    dev INTEGER NOT NULL, ino INTEGER NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL, ctime INTEGER NOT NULL,
    head BLOB NOT NULL, sha256 BLOB, sha1 BLOB, md5 BLOB, sum INTEGER NOT NULL, plain INTEGER,
    PRIMARY KEY (dev, ino)
  ) WITHOUT ROWID;
`
const schemaVersion = 2

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
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192')
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
    if (version === 1) db.exec('ALTER TABLE file ADD COLUMN plain INTEGER')
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
  readonly #markPlain: StatementSync
  hits = 0
  #usable = true

  constructor(db: DatabaseSync, log: Logger, nowNs: () => bigint, path: string) {
    this.#db = db
    this.#log = log
    this.#nowNs = nowNs
    this.#path = path
    this.#select = db.prepare(
      'SELECT size, mtime, ctime, head, sha256, sha1, md5, sum, plain FROM file WHERE dev = ? AND ino = ?',
    )
    this.#select.setReadBigInts(true)
    this.#insert = db.prepare(
      'INSERT OR REPLACE INTO file (dev, ino, size, mtime, ctime, head, sha256, sha1, md5, sum) VALUES (?,?,?,?,?,?,?,?,?,?)',
    )
    this.#markPlain = db.prepare(
      'UPDATE file SET plain = ? WHERE dev = ? AND ino = ? AND size = ? AND mtime = ? AND ctime = ?',
    )
  }

  get(identity: FileIdentity): CachedFile | undefined {
    if (!this.#usable) return undefined
    return this.#guard(() => {
      const row = this.#select.get(signed(identity.dev), signed(identity.ino))
      if (row?.['size'] !== BigInt(identity.size)) return undefined
      if (row['mtime'] !== identity.mtimeNs || row['ctime'] !== identity.ctimeNs) return undefined
      const head = blob(row['head']) ?? new Uint8Array()
      const blobs = { sha256: blob(row['sha256']), sha1: blob(row['sha1']), md5: blob(row['md5']) }
      if (row['sum'] !== BigInt(checksum(identity, head, blobs))) return undefined
      this.hits++
      const plain = row['plain']
      return { head, digests: hexDigests(blobs), ...(typeof plain === 'bigint' && { plainFor: Number(plain) }) }
    })
  }

  put(files: readonly DigestedFile[]): void {
    const settled = files.filter((file) => file.identity.ctimeNs + unsettledNs < this.#nowNs())
    this.#write(settled, (file) => this.#store(file))
  }

  putPlain(files: readonly FileIdentity[], version: number): void {
    this.#write(files, ({ dev, ino, size, mtimeNs, ctimeNs }) => {
      this.#markPlain.run(version, signed(dev), signed(ino), size, mtimeNs, ctimeNs)
    })
  }

  /** All of them in one transaction. */
  #write<T>(all: readonly T[], one: (each: T) => void): void {
    if (!this.#usable || all.length === 0) return
    this.#guard(() => {
      this.#db.exec('BEGIN IMMEDIATE')
      try {
        for (const each of all) one(each)
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

  #store(file: DigestedFile): void {
    const { identity, head, digests } = file
    const blobs = blobsOf(digests)
    this.#insert.run(
      signed(identity.dev),
      signed(identity.ino),
      identity.size,
      identity.mtimeNs,
      identity.ctimeNs,
      head,
      blobs.sha256 ?? null,
      blobs.sha1 ?? null,
      blobs.md5 ?? null,
      checksum(identity, head, blobs),
    )
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
