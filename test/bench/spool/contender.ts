/**
 * One contender in a process of its own: appends events durably, so many per commit, reads them back, and says how long
 * appending took, what was written for it, and the digest of what it read.
 *
 * `contender.ts NAME DIRECTORY EVENTS PER_COMMIT`
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { openSpool } from '../../../daemon/spool/open-spool.ts'
import { spoolPart } from '../../../daemon/spool/spool-part.ts'
import { openStore } from '../../../daemon/store/open-store.ts'
import type { ResultEvent } from '../../../extension/domain/result-event.ts'
import { findingEvents } from './events.ts'

/** Something that keeps events. */
interface Contender {
  append(events: readonly ResultEvent[]): void
  /** Ends writing, everything where it stays. */
  finish(): void
  lines(): Iterable<string> | AsyncIterable<string>
}

/** What the process prints. */
export interface Report {
  readonly seconds: number
  /** Bytes given to the system for writing; undefined where it does not tell. */
  readonly written: number | undefined
  readonly cpuSeconds: number
  readonly digest: string
}

const contenders: Readonly<Record<string, (directory: string) => Contender>> = { spool, file, rows }

const [name = 'spool', directory = '.', count = '1000', perCommit = '100'] = process.argv.slice(2)
rmSync(directory, { recursive: true, force: true })
mkdirSync(directory, { recursive: true, mode: 0o700 })
const make = contenders[name]
if (!make) throw new Error(`no contender ${name}`)
const contender = make(directory)
const batch = Number(perCommit)
const events = findingEvents(Math.max(batch, 1_000))
const before = { written: bytesWritten(), cpu: process.cpuUsage(), time: process.hrtime.bigint() }
for (let done = 0; done < Number(count); done += batch) {
  const from = done % events.length
  contender.append(from + batch <= events.length ? events.slice(from, from + batch) : events.slice(0, batch))
}
const seconds = Number(process.hrtime.bigint() - before.time) / 1e9
const cpu = process.cpuUsage(before.cpu)
contender.finish()
const after = bytesWritten()
const hash = createHash('sha256')
for await (const line of contender.lines()) hash.update(line).update('\n')
const report: Report = {
  seconds,
  written: after === undefined || before.written === undefined ? undefined : after - before.written,
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  digest: hash.digest('hex'),
}
console.log(JSON.stringify(report))
rmSync(directory, { recursive: true, force: true })

/** Ours, one sink that gets nothing meanwhile. */
function spool(directory: string): Contender {
  const open = () => {
    const store = openStore(directory, [spoolPart], { warn: console.error })
    return { store, spool: openSpool(store, { maxBytes: 2 ** 40, maxAgeSeconds: 0, whenFull: 'drop_oldest' }) }
  }
  let opened = open()
  opened.spool.setSinks(['sink'])
  const close = () => {
    opened.spool.close()
    opened.store.close()
  }
  return {
    append: (events) => opened.spool.append(events),
    finish: close,
    *lines() {
      opened = open()
      for (;;) {
        const batch = opened.spool.read('sink', { maxEvents: 10_000, maxBytes: 1 << 26 })
        if (batch.length === 0) break
        for (const event of batch) yield event.line
        opened.spool.settle('sink', batch, { delivered: new Set(batch.map((one) => one.sequence)), dead: new Map() })
      }
      close()
    },
  }
}

/** Lines behind each other in a file, made durable once per commit: no cursor, no checksum, no bound. */
function file(directory: string): Contender {
  const path = join(directory, 'events.log')
  const descriptor = openSync(path, 'a', 0o600)
  return {
    append(events) {
      let text = ''
      for (const event of events) text += `${event.line}\n`
      writeSync(descriptor, text)
      fdatasyncSync(descriptor)
    },
    finish: () => closeSync(descriptor),
    lines: () => createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY }),
  }
}

/** SQLite as anybody would use it: a row per event, write-ahead log, synchronous = FULL. */
function rows(directory: string): Contender {
  const database = new DatabaseSync(join(directory, 'events.db'))
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE event (sequence INTEGER PRIMARY KEY, kind TEXT, query TEXT, unix_time INTEGER, line TEXT)`)
  const insert = database.prepare('INSERT INTO event (kind, query, unix_time, line) VALUES (?, ?, ?, ?)')
  const begin = database.prepare('BEGIN')
  const commit = database.prepare('COMMIT')
  return {
    append(events) {
      begin.run()
      for (const { kind, query, unixTime, line } of events) insert.run(kind, query, unixTime, line)
      commit.run()
    },
    finish: () => database.exec('PRAGMA wal_checkpoint(TRUNCATE)'),
    *lines() {
      for (const row of database.prepare('SELECT line FROM event ORDER BY sequence').iterate())
        yield String(row['line'])
      database.close()
    },
  }
}

function bytesWritten(): number | undefined {
  if (process.platform !== 'linux') return undefined
  return Number(/^wchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1])
}
