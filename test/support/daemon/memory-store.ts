/**
 * A store over a database in memory, or over a file, with the tables of the parts that are given.
 */
import { DatabaseSync } from 'node:sqlite'
import type { Store, StorePart } from '../../../daemon/store/store.ts'

/** A store that can be made to fail. */
export interface TestStore extends Store {
  /** Why every transaction fails from now on; undefined: they do not. */
  failure: Error | undefined
  /** Transactions so far. */
  transactions: number
}

/** Opens one; in a file it is as durable as the real one. */
export function testStore(parts: readonly StorePart[], path = ':memory:'): TestStore {
  const database = new DatabaseSync(path)
  if (path !== ':memory:') database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  for (const { schema } of parts) database.exec(schema)
  let depth = 0
  let ends: ((isDurable: boolean) => void)[] = []
  const end = (isDurable: boolean) => {
    for (const one of ends.splice(0)) one(isDurable)
  }
  return {
    database,
    path,
    damage: undefined,
    read: (work) => work(),
    atEnd: (work) => {
      ends = [...ends, work]
    },
    failure: undefined,
    transactions: 0,
    transaction(work) {
      if (this.failure !== undefined) throw this.failure
      if (depth > 0) return work()
      depth++
      this.transactions++
      database.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        database.exec('COMMIT')
        end(true)
        return result
      } catch (error) {
        database.exec('ROLLBACK')
        end(false)
        throw error
      } finally {
        depth--
      }
    },
    close: () => database.close(),
  }
}
