/** A store that is a database in memory or in a file and nothing else: transactions nest, nothing is checked or saved. */
import { DatabaseSync } from 'node:sqlite'
import type { Store, StorePart } from '../../daemon/store/store.ts'

/** Opens it with the tables of some parts. */
export function memoryStore(parts: readonly StorePart[], path = ':memory:'): Store {
  const database = new DatabaseSync(path)
  if (path !== ':memory:') database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  for (const part of parts) database.exec(part.schema)
  let depth = 0
  return {
    database,
    transaction(work) {
      if (depth > 0) return work()
      database.exec('BEGIN IMMEDIATE')
      depth++
      try {
        const answer = work()
        database.exec('COMMIT')
        return answer
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
