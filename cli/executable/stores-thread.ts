/**
 * The thread of the executable that reads databases of browsers, with SQLite's WebAssembly taken from the file.
 *
 * The order of the imports is the order in which they run.
 */
import './sqlite-bytes.ts'
import '../../extension/sources/sqlite/thread.ts'
