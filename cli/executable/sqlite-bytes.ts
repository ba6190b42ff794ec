/**
 * Tells the SDK of this thread that SQLite's WebAssembly lies in the executable.
 */
import { shippedFile } from '../../extension/runtime/resources.ts'
import { loadSqliteFrom } from '../../extension/sdk/sql/sqlite.ts'

loadSqliteFrom(() => shippedFile('sqlite3.wasm'))
