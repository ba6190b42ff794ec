/**
 * Opens the daemon's database: alone, whole, and in any case.
 *
 * Damage never keeps the daemon from starting: what can be read is carried into a new file and the old one is kept
 * aside. What does keep it: another daemon on the same state, a file of a newer version, a directory or a disk that
 * cannot be written to. The directory must be private already; the files in it are readable by their owner only.
 */
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { HunterError } from '../../extension/domain/errors.ts'
import { asFailure, isDamage } from './failures.ts'
import { finishExchange, salvage } from './salvage/salvage.ts'
import { readWal } from './salvage/wal-frames.ts'
import { SqliteStore, suspicionOf } from './sqlite-store.ts'
import type { Store, StoreDamage, StorePart } from './store.ts'
import { connect, findWrongHeader, makeFile, schemaOf } from './store-file.ts'
import { lockStore } from './store-lock.ts'
import { findDamage } from './verification.ts'

/** Name of the database in the state directory. */
export const storeFileName = 'daemon.db'

/** Where the store tells what an operator should look at. */
export interface StoreLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** Opens or makes the store in a directory. Throws `state_unusable`. */
export function openStore(directory: string, parts: readonly StorePart[], log: StoreLog): Store {
  const path = join(directory, storeFileName)
  const release = lockStore(path)
  try {
    finishExchange(path)
    if (!existsSync(path) && !existsSync(`${path}-wal`)) makeFile(path, parts, () => {})
    if (existsSync(path)) chmodSync(path, 0o600)
    const first = openWhole(path, parts)
    if (typeof first !== 'string') return new SqliteStore(first, path, undefined, release)
    const damage = save(path, parts, first, log)
    // The values are as good as they can be had: parts find out themselves what is missing.
    const second = openWhole(
      path,
      parts.map(({ verify: _, ...part }) => part),
    )
    if (typeof second === 'string') {
      throw new HunterError('state_unusable', `cannot open ${path}: it was made anew and is damaged again (${second})`)
    }
    return new SqliteStore(second, path, damage, release)
  } catch (error) {
    release()
    throw asFailure('open', path, error)
  }
}

function save(path: string, parts: readonly StorePart[], found: string, log: StoreLog): StoreDamage {
  const damage = salvage(path, parts, found)
  rmSync(suspicionOf(path), { force: true })
  log.warn(
    {
      path,
      found,
      kept_as: damage.keptAs,
      unreadable_pages: damage.unreadablePages,
      carried: damage.carried,
      dropped: damage.dropped,
    },
    'the state of the daemon was damaged; what could be read was carried over',
  )
  return damage
}

/** A connection to a whole file, or what is wrong with it. */
function openWhole(path: string, parts: readonly StorePart[]): DatabaseSync | string {
  // Before SQLite opens it: it would cut the log at the first damaged frame, or delete one that does not fit the header.
  if (!existsSync(path)) return 'the database is missing, its write-ahead log is there'
  const wal = readWal(`${path}-wal`)
  if (wal.isDamaged) return 'the write-ahead log is damaged'
  const wrong = findWrongHeader(path, wal.frames.length > 0)
  if (wrong !== undefined) return wrong
  const isSuspect = existsSync(suspicionOf(path))
  let database: DatabaseSync | undefined
  try {
    database = connect(path)
    const found = findDamage(database, path, parts, isSuspect)
    if (found === undefined) {
      database.exec(schemaOf(parts))
      rmSync(suspicionOf(path), { force: true })
      return database
    }
    database.close()
    return found
  } catch (error) {
    if (database?.isOpen) database.close()
    if (isDamage(error) && error instanceof Error) return error.message
    throw error
  }
}
