/**
 * What the schedule must remember through a crash: when each query is due, which one was running, which ones are off.
 *
 * Times are planned once and kept, so a restart neither repeats nor skips a run. The mark on a running query is what
 * remains when the process dies in the middle of it: after the second time the query is taken for the cause. Memory is
 * what is read; every change is also written, and a write that failed is made up for by the next. Rows that make no sense after damage are dropped.
 */
import { createHash } from 'node:crypto'
import type { Store, StorePart } from '../store/store.ts'
import { splayed, timetable } from './due.ts'
import type { Due, ScheduledQuery } from './scheduled-query.ts'

/** The tables. */
export const schedulePart: StorePart = {
  name: 'schedule',
  schema: `
    CREATE TABLE IF NOT EXISTS schedule_queries (
      name TEXT PRIMARY KEY,
      rhythm TEXT NOT NULL,
      statement TEXT NOT NULL,
      every INTEGER NOT NULL,
      due INTEGER NOT NULL,
      planned INTEGER NOT NULL,
      is_running INTEGER NOT NULL,
      crashes INTEGER NOT NULL,
      seen INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS schedule_denylist (
      name TEXT PRIMARY KEY,
      statement TEXT NOT NULL,
      since INTEGER NOT NULL,
      until INTEGER NOT NULL,
      reason TEXT NOT NULL
    ) WITHOUT ROWID;`,
  salvage: 'rows',
}

/** When a query is due; unix seconds. */
export interface Plan {
  /** Its interval with splay; 0 for cron. */
  readonly every: number
  readonly due: number
  /** When this was decided. */
  readonly planned: number
}

/** A query that is off, and why. */
export interface DenylistEntry {
  readonly name: string
  /** Unix seconds. */
  readonly since: number
  readonly until: number
  readonly reason: string
}

/** How a run of a query ended. */
export interface Ending {
  /** When the query is due again, unix seconds. */
  readonly due: number
  /**
   * `good`: nothing speaks against it any more; `open`: nothing was learnt; `suspect`: something died while it and
   * others ran; `guilty`: it is off from now on.
   */
  readonly verdict: 'good' | 'open' | 'suspect' | 'guilty'
  /** Why it is off. */
  readonly reason?: string
  readonly denySeconds: number
}

/** How splay is chosen. */
export interface Splay {
  readonly percent: number
  random(): number
}

interface QueryRow extends Plan {
  /** Its interval or expression, as written. */
  readonly rhythm: string
  /** Digest of its SQL. */
  readonly statement: string
  readonly crashes: number
  /** When it was last scheduled, planned or run. */
  readonly seen: number
}

/** Deaths of this process during a query after which it is taken for the cause: once may be anything. */
const crashesAllowed = 1
/** What is known of a query that is in no pack any more is kept for so long, seconds. */
const keptSeconds = 30 * 86_400

/** The remembered schedule. */
export class ScheduleState {
  readonly #store: Store
  readonly #queries = new Map<string, QueryRow>()
  readonly #denylist = new Map<string, DenylistEntry & { readonly statement: string }>()
  /** Queries that were running when the process before this one ended. */
  readonly #interrupted = new Set<string>()
  readonly #running = new Set<string>()
  /** Names of which memory knows more than the file. */
  readonly #unwritten = new Set<string>()

  constructor(store: Store) {
    this.#store = store
    const { database } = store
    for (const row of database.prepare('SELECT * FROM schedule_queries').all()) {
      const { name, is_running, ...rest } = row
      if (typeof name !== 'string' || !isQueryRow(rest)) continue
      this.#queries.set(name, rest)
      if (is_running === 1) this.#interrupted.add(name)
    }
    for (const row of database.prepare('SELECT * FROM schedule_denylist').all()) {
      if (isDenylistRow(row)) this.#denylist.set(row.name, row)
    }
  }

  /**
   * The plan of a query: the remembered one, or a new one where there is none or its rhythm is another. After a crash
   * in the middle of it the query is due at once, and off when it was not the first. `denySeconds` is for how long.
   * Nothing is written yet: see `keep`.
   */
  plan(query: ScheduledQuery, now: number, splay: Splay, denySeconds: number): Plan {
    const known = this.#queries.get(query.name)
    const rhythm = rhythmOf(query.due)
    const statement = digestOf(query.sql)
    const isKept = known?.rhythm === rhythm
    const every = isKept
      ? known.every
      : 'every' in query.due
        ? splayed(query.due.every, splay.percent, splay.random)
        : 0
    const times = timetable(query.due, every)
    const isChanged = known !== undefined && known.statement !== statement
    let row: QueryRow = {
      rhythm,
      statement,
      every,
      due: known === undefined || isChanged ? times.first(now) : isKept ? known.due : times.after(now, now),
      planned: isKept && !isChanged ? known.planned : now,
      crashes: isChanged ? 0 : (known?.crashes ?? 0),
      seen: now,
    }
    let reason: string | undefined
    if (this.#interrupted.delete(query.name)) {
      row = { ...row, crashes: row.crashes + 1 }
      if (row.crashes <= crashesAllowed) row = { ...row, due: now, planned: now }
      else if (query.denylist) {
        reason = `this process ended ${row.crashes} times while the query ran`
        row = { ...row, crashes: 0 }
      }
    }
    this.#queries.set(query.name, row)
    this.#unwritten.add(query.name)
    if (reason !== undefined) this.#off(query, reason, now, denySeconds)
    return row
  }

  /** Writes the plans, and forgets what nobody scheduled for a month; `names` are those in force. */
  keep(names: ReadonlySet<string>, now: number): void {
    for (const [name, { seen }] of this.#queries) {
      if (seen >= now - keptSeconds || names.has(name)) continue
      this.#queries.delete(name)
      this.#unwritten.add(name)
    }
    for (const [name, { until }] of this.#denylist) {
      if (until >= now - keptSeconds) continue
      this.#denylist.delete(name)
      this.#unwritten.add(name)
    }
    this.#write()
  }

  /** A query starts; unless it is heard of again, it will be due at `due`. */
  begin(name: string, due: number, now: number): void {
    this.#running.add(name)
    try {
      this.#change(name, (row) => ({ ...row, due, planned: now }), now)
    } catch (error) {
      this.#running.delete(name)
      throw error
    }
  }

  /** It ended and this process did not: everything that follows from it, in one write. */
  end(query: ScheduledQuery, { due, verdict, reason, denySeconds }: Ending, now: number): void {
    const { name } = query
    this.#running.delete(name)
    if (verdict === 'guilty') this.#off(query, reason ?? '', now, denySeconds)
    const crashesAfter = (crashes: number) => (verdict === 'good' ? 0 : verdict === 'suspect' ? crashes + 1 : crashes)
    this.#change(name, (row) => ({ ...row, due, planned: now, crashes: crashesAfter(row.crashes) }), now)
  }

  /** Whether something died during it: it should run by itself, so that its guilt or innocence shows. */
  isSuspect(name: string): boolean {
    return (this.#queries.get(name)?.crashes ?? 0) > 0
  }

  /** Why a query is off now; undefined when it is not. A clock that was put back does not keep one off for longer. */
  denied({ name, sql, denylist }: ScheduledQuery, now: number): DenylistEntry | undefined {
    const entry = this.#denylist.get(name)
    if (entry === undefined || !denylist) return undefined
    if (isOver(entry, now) || entry.statement !== digestOf(sql)) {
      this.#denylist.delete(name)
      this.#unwritten.add(name) // asking must not fail; whoever writes next removes it
      return undefined
    }
    return shownEntry(entry)
  }

  /** Turns a query on again; false when it was not off. */
  allow(name: string): boolean {
    if (!this.#denylist.delete(name)) return false
    this.#unwritten.add(name)
    this.#write()
    return true
  }

  /** Everything that is off now. */
  denylist(now: number): readonly DenylistEntry[] {
    return [...this.#denylist.values()].filter((entry) => !isOver(entry, now)).map(shownEntry)
  }

  #change(name: string, change: (row: QueryRow) => QueryRow, now: number): void {
    const known = this.#queries.get(name)
    if (known === undefined) return
    this.#queries.set(name, { ...change(known), seen: now })
    this.#unwritten.add(name)
    this.#write()
  }

  #off({ name, sql }: ScheduledQuery, reason: string, now: number, seconds: number): void {
    this.#denylist.set(name, { name, statement: digestOf(sql), since: now, until: now + seconds, reason })
    this.#unwritten.add(name)
  }

  /** Writes all that changed. When it fails, the next time writes it too. */
  #write(): void {
    const { database } = this.#store
    this.#store.transaction(() => {
      const put = database.prepare(
        `INSERT OR REPLACE INTO schedule_queries (name, rhythm, statement, every, due, planned, is_running, crashes, seen)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      const forget = database.prepare('DELETE FROM schedule_queries WHERE name = ?')
      const deny = database.prepare(
        'INSERT OR REPLACE INTO schedule_denylist (name, statement, since, until, reason) VALUES (?, ?, ?, ?, ?)',
      )
      const allow = database.prepare('DELETE FROM schedule_denylist WHERE name = ?')
      for (const name of this.#unwritten) {
        const row = this.#queries.get(name)
        const isRunning = this.#running.has(name) ? 1 : 0
        if (row === undefined) forget.run(name)
        else {
          const { rhythm, statement, every, due, planned, crashes, seen } = row
          put.run(name, rhythm, statement, every, due, planned, isRunning, crashes, seen)
        }
        const entry = this.#denylist.get(name)
        if (entry === undefined) allow.run(name)
        else deny.run(name, entry.statement, entry.since, entry.until, entry.reason)
      }
    })
    this.#unwritten.clear()
  }
}

function shownEntry({ name, since, until, reason }: DenylistEntry): DenylistEntry {
  return { name, since, until, reason }
}

function rhythmOf(due: Due): string {
  return 'cron' in due ? `cron ${due.cron}` : `every ${due.every}`
}

function digestOf(sql: string): string {
  return createHash('sha256').update(sql).digest('hex')
}

/** Outside of the span it was made for, on whichever side. */
function isOver({ since, until }: DenylistEntry, now: number): boolean {
  return now >= until || now < since - (until - since)
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

function isQueryRow(row: Readonly<Record<string, unknown>>): row is Readonly<Record<string, unknown>> & QueryRow {
  const { rhythm, statement, every, due, planned, crashes, seen } = row
  const numbers = [every, due, planned, crashes, seen]
  return typeof rhythm === 'string' && typeof statement === 'string' && numbers.every(isWhole)
}

function isDenylistRow(
  row: Readonly<Record<string, unknown>>,
): row is Readonly<Record<string, unknown>> & DenylistEntry & { readonly statement: string } {
  const { name, statement, since, until, reason } = row
  return [name, statement, reason].every((one) => typeof one === 'string') && isWhole(since) && isWhole(until)
}
