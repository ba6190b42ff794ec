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

/** Opens one. */
export function testStore(parts: readonly StorePart[], path = ':memory:'): TestStore {
  const database = new DatabaseSync(path)
  for (const { schema } of parts) database.exec(schema)
  let depth = 0
  return {
    database,
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
        return result
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      } finally {
        depth--
      }
    },
    close: () => database.close(),
  }
}
