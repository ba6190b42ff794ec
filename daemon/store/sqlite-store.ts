/**
 * The open store: transactions that join, and what is called at their end.
 *
 * It knows no tables. Failures of file and disk become `state_unusable` here and nowhere else.
 */
import { closeSync, openSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { asFailure, isDamage } from './failures.ts'
import type { Store, StoreDamage } from './store.ts'

/** Beside the database: damage was met while it was in use. The next open looks at every page. */
export function suspicionOf(path: string): string {
  return `${path}.suspect`
}

/** A store over a connection that was set up and found whole. */
export class SqliteStore implements Store {
  readonly database: DatabaseSync
  readonly path: string
  readonly damage: StoreDamage | undefined
  readonly #release: () => void
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  #isOpen = false
  /** Why the transaction under way can only be taken back. */
  #spoilt: { readonly by: unknown } | undefined
  #ends: ((isDurable: boolean) => void)[] = []

  constructor(database: DatabaseSync, path: string, damage: StoreDamage | undefined, release: () => void) {
    this.database = database
    this.path = path
    this.damage = damage
    this.#release = release
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
  }

  transaction<T>(work: () => T): T {
    if (this.#isOpen) return this.#joined(work)
    let result: T
    try {
      this.#begin.run()
      this.#isOpen = true
      result = work()
      if (result instanceof Promise) throw new TypeError('the work of a transaction must be done when it returns')
      if (this.#spoilt) throw this.#spoilt.by
      this.#commit.run()
    } catch (error) {
      this.#takeBack()
      this.#end(false)
      throw this.#failure('write to', error)
    }
    this.#end(true)
    return result
  }

  read<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw this.#failure('read', error)
    }
  }

  atEnd(work: (isDurable: boolean) => void): void {
    if (this.#isOpen) this.#ends.push(work)
    else work(true)
  }

  close(): void {
    try {
      // Closing copies what the log holds; where that fails (a full disk), the log stays and nothing is lost.
      if (this.database.isOpen) this.database.close()
    } finally {
      this.#release()
    }
  }

  #joined<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      this.#spoilt ??= { by: error }
      throw error
    }
  }

  #takeBack(): void {
    try {
      if (this.database.isOpen && this.database.isTransaction) this.database.exec('ROLLBACK')
    } catch {
      // Some failures have taken everything back already.
    }
  }

  #end(isDurable: boolean): void {
    const ends = this.#ends
    this.#ends = []
    this.#isOpen = false
    this.#spoilt = undefined
    for (const one of ends) one(isDurable)
  }

  #failure(attempted: string, error: unknown): unknown {
    if (isDamage(error)) markSuspicion(this.path)
    return asFailure(attempted, this.path, error)
  }
}

/** Creates the mark; that it cannot be created changes nothing about the failure that is being told. */
function markSuspicion(path: string): void {
  try {
    closeSync(openSync(suspicionOf(path), 'a', 0o600))
  } catch {
    // The disk is full or gone; the failure under way says so.
  }
}
