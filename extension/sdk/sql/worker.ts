/**
 * The thread SQLite runs in: takes statements, answers with rows, asks for rows of tables and waits for them.
 *
 * It may sleep and compute for as long as it takes; the main loop never does. The database is in memory, and an
 * authorizer refuses every statement that does more than read or change rows of writable tables.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { ConstraintError } from '../writer.ts'
import { authorize } from './authorizer.ts'
import { createCollations } from './collations.ts'
import { createTable } from './module.ts'
import {
  type Answer,
  answerFlag,
  type FromWorker,
  type Refusal,
  stopFlag,
  type ToWorker,
  type WorkerSetup,
} from './protocol.ts'
import type { RowSource } from './row-cursor.ts'
import { openSqlite, type Pointer, type Sqlite } from './sqlite.ts'
import { runStatement } from './statement.ts'
import type { RowSink } from './update.ts'

const setup = workerData as WorkerSetup // made by index.ts
const flags = new Int32Array(setup.flags)
const say = (message: FromWorker): void => parentPort?.postMessage(message)

let lastCursor = 0
let lastPull = 0
const rows: RowSource & RowSink = {
  open(table, constraints, used) {
    const cursor = ++lastCursor
    say({ kind: 'open', cursor, table, constraints, used })
    return cursor
  },
  pull(cursor) {
    const answer = ask((pull) => ({ kind: 'pull', cursor, pull }))
    if ('rows' in answer) return answer
    throw new Error('a table was asked for rows and gave something else')
  },
  close: (cursor) => say({ kind: 'close', cursor }),
  write(table, change) {
    const answer = ask((pull) => ({ kind: 'write', table, change, pull }))
    if ('rowid' in answer) return answer.rowid
    throw new Error('a table was asked for a change and gave something else')
  },
}

/** Asks the main side and waits; throws what it refuses. */
function ask(message: (pull: number) => FromWorker): Exclude<Answer, Refusal> {
  const pull = ++lastPull
  const before = Atomics.load(flags, answerFlag)
  say(message(pull))
  const answer = waitForAnswer(pull, before)
  if (!('error' in answer)) return answer
  throw answer.isConstraint ? new ConstraintError(answer.error) : new Error(answer.error)
}

/** Sleeps until the mailbox holds the answer to this very pull. The counter moves after an answer was put there. */
function waitForAnswer(pull: number, before: number): Answer {
  for (let seen = before; ; ) {
    Atomics.wait(flags, answerFlag, seen)
    seen = Atomics.load(flags, answerFlag)
    for (let received = receive(); received; received = receive()) if (received.pull === pull) return received
  }
}

function receive(): Answer | undefined {
  return receiveMessageOnPort(setup.mailbox)?.message as Answer | undefined // put there by mailbox.ts
}

/** Known, so that a statement with it can be prepared; not there to be run. */
function declareFunction({ capi }: Sqlite, db: Pointer, name: string): void {
  const run = () => {
    throw new Error(`${name} cannot be run here`)
  }
  const code = capi.sqlite3_create_function(db, name, -1, capi.SQLITE_UTF8, 0, run, 0, 0)
  if (code !== capi.SQLITE_OK) throw new Error(`SQLite refuses the function ${name}: ${capi.sqlite3_errmsg(db)}`)
}

/** A function, because a bundle for a thread may be a plain script, and that knows no await outside of one. */
async function serve(): Promise<void> {
  const { sqlite, db } = await openSqlite()
  createCollations(sqlite, db)
  for (const name of setup.declaredFunctions) declareFunction(sqlite, db, name)
  for (const [index, shape] of setup.tables.entries()) createTable(sqlite, db, index, shape, rows)
  authorize(sqlite, db, new Set(setup.tables.flatMap(({ name, aliases }) => [name, ...aliases])), setup.maxValueBytes)
  sqlite.capi.sqlite3_progress_handler(db, 1000, () => Atomics.load(flags, stopFlag), 0)

  parentPort?.on('message', (message: ToWorker) => {
    try {
      const cut = runStatement(sqlite, db, message, {
        columns: (columns) => say({ kind: 'columns', columns }),
        rows: (rows) => say({ kind: 'rows', rows }),
      })
      say({ kind: 'done', cut })
    } catch (error) {
      if (error instanceof Error && error.name === 'RuntimeError') throw error // a trap of the engine: its memory cannot be trusted: the thread ends
      say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
    }
  })
  say({ kind: 'ready' })
}

void serve() // a rejection ends the thread, and the main side hears why
