/**
 * The last pass over each root, kept across processes, so that a query can say how old an answer is.
 *
 * One small database in the state directory. It is a record, not a dependency: when it cannot be read or written, a
 * warning is logged and the hunt goes on.
 */
import { renameSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Scan } from '../domain/scan.ts'
import type { Logger } from '../runtime/log.ts'

/** Keeps the newest scan of every (scan, source, root). */
export interface ScanStore {
  load(): Scan[]
  save(scan: Scan): void
  close(): void
}

/** Remembers nothing. */
export const noScanStore: ScanStore = { load: () => [], save: () => {}, close: () => {} }

/** Rows kept; roots are few, images come and go. */
const maxScans = 200

/** Opens the store; a damaged file is set aside and replaced. */
export function openScanStore(path: string, log: Logger): ScanStore {
  try {
    return store(open(path), log)
  } catch (error) {
    log.warn({ path, set_aside: `${path}.damaged`, err: error }, 'scan records were damaged and start anew')
    try {
      for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
      renameSync(path, `${path}.damaged`)
      return store(open(path), log)
    } catch (cause) {
      log.warn({ path, err: cause }, 'scan records cannot be kept')
      return noScanStore
    }
  }
}

function open(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 1000 })
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    db.exec(`CREATE TABLE IF NOT EXISTS scan (
      scan TEXT NOT NULL, source TEXT NOT NULL, root TEXT NOT NULL, started INTEGER NOT NULL, record TEXT NOT NULL,
      PRIMARY KEY (scan, source, root))`)
    db.prepare('SELECT 1 FROM scan LIMIT 1').get()
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function store(db: DatabaseSync, log: Logger): ScanStore {
  const guard = <T>(fallback: T, work: () => T): T => {
    try {
      return work()
    } catch (error) {
      log.warn({ err: error }, 'scan records could not be used')
      return fallback
    }
  }
  return {
    load: () =>
      guard(
        [],
        () =>
          db
            .prepare('SELECT record FROM scan ORDER BY started DESC LIMIT ?')
            .all(maxScans)
            .map((row) => JSON.parse(String(row['record'])) as Scan), // written by save, in a directory only we write
      ),
    save: (scan) =>
      guard(undefined, () => {
        db.prepare('INSERT OR REPLACE INTO scan VALUES (?, ?, ?, ?, ?)').run(
          scan.scan,
          scan.source,
          scan.root,
          scan.started,
          JSON.stringify(scan),
        )
        db.prepare('DELETE FROM scan WHERE rowid NOT IN (SELECT rowid FROM scan ORDER BY started DESC LIMIT ?)').run(
          maxScans,
        )
      }),
    close: () => db.close(),
  }
}
