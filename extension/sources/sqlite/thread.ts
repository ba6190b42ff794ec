/**
 * The thread that reads databases: what was committed is put together, then SQLite reads it, then, if it must be, salvage.
 *
 * A hostile schema can hold SQLite up for the whole of its time and large files take a second, so none of this runs
 * where anything else does.
 */
import { parentPort } from 'node:worker_threads'
import { openSqlite, type Sqlite } from '../../sdk/sql/sqlite.ts'
import { isDatabase, readHeader } from './header.ts'
import type { FromStoreThread, ReadAnswer, ReadMessage } from './messages.ts'
import { NeedleSearch } from './needle-search.ts'
import { runQueries } from './query.ts'
import { rollBack } from './rollback.ts'
import { salvage } from './salvage.ts'
import { applyLog } from './wal.ts'

const maxSalvaged = 10_000

/** Reads one database. Throws only what leaves the engine in an unknown state. */
function read(sqlite: Sqlite, message: ReadMessage): ReadAnswer {
  const { maxBytes, timeoutMs } = message
  const deadline = performance.now() + timeoutMs
  const isLate = () => performance.now() > deadline
  const needles = new NeedleSearch(message.needles)
  const problems: { code: string; message: string }[] = []
  const before = message.journal && rollBack(message.database, message.journal, maxBytes)
  const { bytes, frames, problem } = applyLog(before?.bytes ?? message.database, message.log ?? empty, maxBytes)
  if (problem !== undefined) problems.push({ code: 'damaged', message: problem })
  if (message.queries.length === 0) {
    const { rows: salvaged, isCut } = salvage(bytes, needles, { maxRows: maxSalvaged, isLate })
    if (isCut) problems.push({ code: 'too_many', message: `a bound was reached behind ${salvaged.length} rows` })
    return { rows: [], salvaged, frames, rolledBack: before?.pages ?? 0, problems, memoryBytes: 0 }
  }
  const queried = query(sqlite, readableAsFile(bytes), message, needles, isLate)
  const answer = {
    frames,
    rolledBack: before?.pages ?? 0,
    rows: queried.rows,
    memoryBytes: sqlite.wasm.heap8u().byteLength,
  }
  for (const { kind, table, message } of queried.problems) {
    if (kind !== 'damaged') problems.push({ code: kind, message: `table ${table}: ${message}` })
  }
  const damage = queried.problems.find(({ kind }) => kind === 'damaged')
  if (damage === undefined) return { ...answer, problems, salvaged: [] }
  // What SQLite did before counts against a limit of its own: the pages get the same time again.
  const again = performance.now() + timeoutMs
  const saved = salvage(bytes, needles, { maxRows: maxSalvaged, isLate: () => performance.now() > again })
  const extent = `${saved.rows.length} rows that may matter were salvaged from ${saved.pages} pages`
  problems.push({
    code: 'damaged',
    message: `SQLite cannot read ${damage.table}: ${damage.message}; ${extent}${saved.isCut ? ', then a bound was reached' : ''}`,
  })
  return { ...answer, problems, salvaged: saved.rows }
}

const empty = new Uint8Array(0)

/** A database that uses a log says so, and SQLite would want that log; the log is part of the bytes by now. */
function readableAsFile(bytes: Uint8Array): Uint8Array {
  if (isDatabase(bytes) && (bytes[18] === 2 || bytes[19] === 2)) bytes.fill(1, 18, 20)
  return bytes
}

function query(
  sqlite: Sqlite,
  bytes: Uint8Array,
  { queries }: ReadMessage,
  needles: NeedleSearch,
  isLate: () => boolean,
): ReturnType<typeof runQueries> {
  const none = queries.map(() => [])
  if (bytes.length === 0) return { rows: none, problems: [] }
  if (readHeader(bytes)?.isUtf16) {
    const message = 'its texts are UTF-16, which this build does not know'
    return { rows: none, problems: [{ table: queries[0]?.table ?? '', kind: 'damaged', message }] }
  }
  try {
    return runQueries(sqlite, bytes, queries, needles, { isLate })
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'RuntimeError') throw cause // a trap: its memory cannot be trusted
    const message = cause instanceof Error ? cause.message : String(cause)
    return { rows: none, problems: [{ table: queries[0]?.table ?? '', kind: 'damaged', message }] }
  }
}

/** A function, because a bundle for a thread may be a plain script, and that knows no await outside of one. */
async function serve(): Promise<void> {
  const { sqlite } = await openSqlite()
  const say = (message: FromStoreThread) => parentPort?.postMessage(message)
  parentPort?.on('message', (message: ReadMessage) => say({ kind: 'read', ...read(sqlite, message) }))
  say({ kind: 'ready' })
}

void serve() // a rejection ends the thread, and the main side hears why
