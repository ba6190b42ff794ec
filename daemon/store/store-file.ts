/**
 * The database file as such: how it is made, what says that it is ours, and how a connection is set up.
 *
 * A file comes into being under another name and is renamed when it is whole, so that what stands under the final name
 * was complete once, and anything less is damage.
 */
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { checkedText, readChecked } from './checked-record.ts'
import type { StorePart } from './store.ts'

/** "3CXH": what `file` and SQLite's header say whose database this is. */
export const applicationId = 0x33_43_58_48
/** Raised when a table changes so that this version could not work with it. */
export const storeVersion = 1
/** Fixed, so that pages can be found in a file whose header is gone. */
export const pageSize = 4096

/** The header can be damaged; this row says the same and proves itself. */
export const identityTable = 'store_identity'
const identitySchema = `CREATE TABLE IF NOT EXISTS ${identityTable} (id INTEGER PRIMARY KEY, record TEXT NOT NULL, sum INTEGER NOT NULL);`

/** All statements that make the tables, the parts' in their order. */
export function schemaOf(parts: readonly StorePart[]): string {
  return [identitySchema, ...parts.map((part) => part.schema)].join('\n')
}

/** Makes a complete file at `path`, filled by `fill`; what is under that name is lost. */
export function makeFile(path: string, parts: readonly StorePart[], fill: (database: DatabaseSync) => void): void {
  const making = `${path}.making`
  rmSync(making, { force: true })
  closeSync(openSync(making, 'wx', 0o600))
  const database = new DatabaseSync(making)
  try {
    database.exec(`
      PRAGMA page_size = ${pageSize}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
      PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${storeVersion};
      BEGIN; ${schemaOf(parts)}`)
    writeIdentity(database)
    fill(database)
    database.exec('COMMIT')
  } finally {
    database.close()
  }
  syncPath(making)
  renameSync(making, path)
  syncPath(dirname(path))
}

/** Sets a connection up for the only process that uses the file. */
export function connect(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 2_000 })
  try {
    // Exclusive locking first: the index of the write-ahead log is then kept in memory and no -shm file is made.
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;
      PRAGMA wal_autocheckpoint = ${checkpointPages}; PRAGMA journal_size_limit = ${checkpointPages * pageSize * 2}`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Pages in the write-ahead log that are copied into the database together: 8 MiB, so that pages changed often are copied seldom. */
const checkpointPages = 2_048

/**
 * What is wrong with the first bytes of the file, as far as SQLite would misread file and log because of it.
 * https://www.sqlite.org/fileformat2.html#the_database_header
 */
export function findWrongHeader(path: string, hasLog: boolean): string | undefined {
  const header = Buffer.alloc(100)
  const descriptor = openSync(path, 'r')
  try {
    if (readSync(descriptor, header, 0, 100, 0) < 100) return 'the database is cut off in its header'
  } finally {
    closeSync(descriptor)
  }
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') return 'the file does not begin as a database'
  if (header.readUInt16BE(16) !== pageSize) return `the header states pages of ${header.readUInt16BE(16)} bytes`
  const isLogged = header[18] === 2 && header[19] === 2
  if (hasLog && !isLogged) return 'the header knows of no write-ahead log, and there is one'
  return header[20] === 0 ? undefined : 'the header states reserved bytes'
}

/** Version that the identity row states; undefined where there is none that proves itself. */
export function statedVersion(database: DatabaseSync): number | undefined {
  const row = database.prepare(`SELECT record, sum FROM ${identityTable} WHERE id = 1`).get()
  const version = readChecked(row?.['record'], row?.['sum'])?.['version']
  return typeof version === 'number' ? version : undefined
}

function writeIdentity(database: DatabaseSync): void {
  const { record, sum } = checkedText({ application: 'threecx-hunter', version: storeVersion })
  database.prepare(`INSERT OR REPLACE INTO ${identityTable} VALUES (1, ?, ?)`).run(record, sum)
}

/** Makes a file, or the names in a directory, durable. */
export function syncPath(path: string): void {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    if (process.platform === 'win32') return // directories cannot be opened there, and names are durable without
    throw error
  }
  try {
    fsyncSync(descriptor)
  } catch (error) {
    if (process.platform !== 'win32') throw error
  } finally {
    closeSync(descriptor)
  }
}
