/**
 * The thread SQLite runs in: takes statements, answers with rows, asks for rows of tables and waits for them.
 *
 * It may sleep and compute for as long as it takes; the main loop never does. The database is in memory, tables are
 * read only, and an authorizer refuses every statement that is not a query.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { authorize } from './authorizer.ts'
import { createTable, type RowSource } from './module.ts'
import { type Answer, answerFlag, type FromWorker, stopFlag, type ToWorker, type WorkerSetup } from './protocol.ts'
import { openSqlite } from './sqlite.ts'
import { runStatement } from './statement.ts'

const setup = workerData as WorkerSetup // made by index.ts
const flags = new Int32Array(setup.flags)
const say = (message: FromWorker): void => parentPort?.postMessage(message)

const source: RowSource = {
  open(table, constraints, used) {
    const cursor = ++lastCursor
    say({ kind: 'open', cursor, table, constraints, used })
    return cursor
  },
  pull(cursor) {
    const before = Atomics.load(flags, answerFlag)
    say({ kind: 'pull', cursor })
    const answer = waitForAnswer(before)
    if ('error' in answer) throw new Error(answer.error)
    return answer
  },
  close: (cursor) => say({ kind: 'close', cursor }),
}
let lastCursor = 0

/** Sleeps until the counter has moved on; the answer is in the mailbox by then. */
function waitForAnswer(before: number): Answer {
  Atomics.wait(flags, answerFlag, before)
  const received = receiveMessageOnPort(setup.mailbox as never)
  if (!received) throw new Error('the answer of a table was lost')
  return received.message as Answer // put there by cursors.ts
}

const { sqlite, db } = await openSqlite()
for (const [index, shape] of setup.tables.entries()) createTable(sqlite, db, index, shape, source)
authorize(sqlite, db)
sqlite.capi.sqlite3_progress_handler(db, 1000, () => Atomics.load(flags, stopFlag), 0)

parentPort?.on('message', (message: ToWorker) => {
  try {
    const columns = runStatement(sqlite, db, message, (rows) => say({ kind: 'rows', rows }))
    say({ kind: 'done', columns })
  } catch (error) {
    say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  }
})
say({ kind: 'ready' })
