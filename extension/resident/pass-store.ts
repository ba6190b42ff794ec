/**
 * The last complete full pass, kept in the state directory: its artifacts, its records, when it was.
 *
 * A pass is replaced in one transaction, so that a crash at any moment leaves the one before. A damaged database is
 * set aside, said so, and built anew; one that cannot be used at all is replaced by memory, and the next start sweeps
 * again. Nothing here may stop a start.
 */
import { renameSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Indicator } from '../domain/indicator.ts'
import type { Scan } from '../domain/scan.ts'
import type { Logger } from '../runtime/log.ts'
import type { FoundArtifact } from './artifact-list.ts'
import { readRecord, recordOf } from './artifact-record.ts'

/** A complete pass without its artifacts. Times are milliseconds since 1970. */
export interface PassHeader {
  readonly startedMs: number
  readonly finishedMs: number
  readonly indicatorsVersion: string
  /** One per volume. */
  readonly scans: readonly Scan[]
  /** Artifacts that were found and not kept. */
  readonly dropped: number
}

/** An artifact as it was found, and whether all that speaks for it is still in force. */
export interface StoredArtifact extends FoundArtifact {
  readonly isCurrent: boolean
}

const schemaVersion = 2
const schema = `
  CREATE TABLE IF NOT EXISTS pass (only INTEGER PRIMARY KEY CHECK (only = 1), header TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS artifact (path TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS begun (only INTEGER PRIMARY KEY CHECK (only = 1), count INTEGER NOT NULL);
`

/** Records of an earlier version say less; the next pass writes them anew. */
const dropOlder = 'DROP TABLE IF EXISTS pass; DROP TABLE IF EXISTS artifact; DROP TABLE IF EXISTS begun;'

/** Keeps one pass. */
export class PassStore {
  readonly #path: string
  readonly #log: Logger
  #db: DatabaseSync

  /** Opens the database at a path, or in memory without one. */
  constructor(path: string | undefined, log: Logger) {
    this.#path = path ?? ':memory:'
    this.#log = log
    this.#db = this.#openSomehow()
  }

  /** The last complete pass. */
  header(): PassHeader | undefined {
    return this.#guard(undefined, () => {
      const row = this.#db.prepare('SELECT header FROM pass').get()
      return row && (JSON.parse(String(row['header'])) as PassHeader) // written below, in a directory only we write
    })
  }

  /** Its artifacts. */
  artifacts(indicators: ReadonlyMap<string, Indicator>): readonly StoredArtifact[] {
    return this.#guard([], () => {
      const rows = this.#db.prepare('SELECT record FROM artifact').all()
      return rows.map((row) => readRecord(String(row['record']), indicators))
    })
  }

  /** Replaces the pass. */
  replace(pass: Omit<PassHeader, 'dropped'>, found: readonly FoundArtifact[], dropped: number): void {
    this.#guard(undefined, () => {
      const records = found.flatMap((one) => {
        const record = recordOf(one)
        return record === undefined ? [] : [[one.artifact.path, record] as const]
      })
      const header: PassHeader = { ...pass, dropped: dropped + found.length - records.length }
      this.#transaction(() => {
        this.#db.exec('DELETE FROM artifact; DELETE FROM begun')
        const insert = this.#db.prepare('INSERT OR REPLACE INTO artifact VALUES (?, ?)')
        for (const record of records) insert.run(...record)
        this.#db.prepare('INSERT OR REPLACE INTO pass VALUES (1, ?)').run(JSON.stringify(header))
      })
    })
  }

  /** Passes that were begun and did not end in this process or an earlier one: more than one means that they crash. */
  begun(): number {
    return this.#guard(0, () => Number(this.#db.prepare('SELECT count FROM begun').get()?.['count'] ?? 0))
  }

  /** Notes that a pass begins; `forgetBegun` or `replace` takes it back. */
  noteBegun(): void {
    this.#guard(undefined, () => {
      this.#db.exec('INSERT INTO begun VALUES (1, 1) ON CONFLICT DO UPDATE SET count = count + 1')
    })
  }

  /** Notes that the pass ended without a result, and not by a crash. */
  forgetBegun(): void {
    this.#guard(undefined, () => this.#db.exec('DELETE FROM begun'))
  }

  close(): void {
    this.#db.close()
  }

  #transaction(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#db.exec('COMMIT')
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  /** What cannot be read is damaged, unless it is the moment that is bad: held by another process, a full disk. */
  #guard<T>(fallback: T, work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (isPassing(error)) this.#log.warn({ path: this.#path, err: error }, 'sweep results could not be used for once')
      else this.#setAside(error)
      return fallback
    }
  }

  #setAside(error: unknown): void {
    try {
      this.#db.close()
    } catch {
      // it may never have been open
    }
    this.#db = this.#openAnew(error)
  }

  #openSomehow(): DatabaseSync {
    try {
      return open(this.#path)
    } catch (error) {
      if (!isPassing(error)) return this.#openAnew(error)
      this.#log.warn({ path: this.#path, err: error }, 'sweep results cannot be kept, keeping them in memory')
      return open(':memory:')
    }
  }

  #openAnew(error: unknown): DatabaseSync {
    const path = this.#path
    try {
      if (path === ':memory:') return open(path)
      this.#log.warn({ path, set_aside: `${path}.damaged`, err: error }, 'sweep results were damaged and start anew')
      for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
      renameSync(path, `${path}.damaged`)
      return open(path)
    } catch (cause) {
      this.#log.warn({ path, err: cause }, 'sweep results cannot be kept, keeping them in memory')
      return open(':memory:')
    }
  }
}

function open(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 250 })
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -512')
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
    if (version > schemaVersion) throw new Error(`unknown schema version ${version}`)
    // Only what is new is written to, so that a database in use elsewhere opens.
    if (version < schemaVersion)
      db.exec(`BEGIN IMMEDIATE; ${dropOlder} ${schema} PRAGMA user_version = ${schemaVersion}; COMMIT`)
    db.prepare('SELECT 1 FROM pass, artifact, begun LIMIT 1').get()
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Result codes that say nothing of the content: busy, locked, no memory, read-only, I/O, full, cannot open. */
const passing = new Set([5, 6, 7, 8, 10, 13, 14])

/** The low byte of an extended result code is the code: https://sqlite.org/rescode.html */
function isPassing(error: unknown): boolean {
  const code = (error as { errcode?: unknown }).errcode
  return typeof code === 'number' && passing.has(code & 0xff)
}
