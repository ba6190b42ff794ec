/**
 * The SQL thread of the executable: the SDK's own, with SQLite's WebAssembly taken from the file.
 *
 * The order of the imports is the order in which they run.
 */
import './sqlite-bytes.ts'
import '../../extension/sdk/sql/worker.ts'
