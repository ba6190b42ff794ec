/**
 * One process per state: a lock beside the database, held as long as the store is open.
 *
 * The lock is SQLite's own on an empty file, so the system lets go of it whatever ends the process, and a stale one
 * cannot be. It is beside the database and not on it, because a damaged database is looked at and replaced while it is
 * held, and because closing any other descriptor of a locked file would release POSIX locks.
 * https://www.sqlite.org/lockingv3.html
 */
import { closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { HunterError } from '../../extension/domain/errors.ts'
import { asFailure, isBusy, isDamage } from './failures.ts'

/** How long a predecessor that is just ending is waited for. */
const patienceMs = 2_000

/** Takes the lock; throws `state_unusable` when another process has it. The result releases it. */
export function lockStore(path: string): () => void {
  const file = `${path}-lock`
  try {
    return take(file)
  } catch (error) {
    if (isBusy(error)) {
      throw new HunterError(
        'state_unusable',
        `cannot open ${path}: another daemon is using it (${file} is locked); expected to be the only one. Stop the other, or give another state directory`,
        { cause: error },
      )
    }
    throw asFailure('lock', file, error)
  }
}

function take(file: string): () => void {
  if (!existsSync(file)) closeSync(openSync(file, 'ax', 0o600))
  try {
    return hold(file)
  } catch (error) {
    // Somebody wrote into the file. Nothing in it matters.
    if (!isDamage(error)) throw error
    rmSync(file)
    closeSync(openSync(file, 'ax', 0o600))
    return hold(file)
  }
}

function hold(file: string): () => void {
  const database = new DatabaseSync(file, { timeout: patienceMs })
  try {
    // With a journal in memory nothing is written, and the lock can be had on a full disk.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw error
  }
  return () => database.close()
}
