/**
 * The loop: what is due is run, a few at a time, within a share of the processor.
 *
 * There is one timer, to the next due time, and never longer than a minute: so a clock that was moved is noticed, and
 * waiting costs nothing. What is due, when next and whether here at all is decided in `schedule/`; this only starts and
 * counts. A query never runs twice at once, and one that is under suspicion runs with nothing beside it.
 */
import { type Alarm, type Clock, systemAlarm, systemClock } from '../extension/runtime/clock.ts'
import type { Logger } from '../extension/runtime/log.ts'
import type { Engine } from './engine/engine.ts'
import { type Deliver, Runner, type RunRecord } from './runner.ts'
import { type Timetable, timetable } from './schedule/due.ts'
import { type Host, InForce, refreshSeconds } from './schedule/in-force.ts'
import { type DenylistEntry, ScheduleState } from './schedule/schedule-state.ts'
import type { ScheduledQuery } from './schedule/scheduled-query.ts'
import type { Store } from './store/store.ts'

/** What a scheduler works with. */
export interface SchedulerOptions {
  readonly engine: Engine
  /** An open store with `schedulePart`. */
  readonly store: Store
  readonly host: Host
  readonly deliver: Deliver
  readonly log: Logger
  /** Queries at once; 1 unless told. */
  readonly concurrency?: number
  /**
   * Share of one processor that queries may take on average, above 0 up to 1; a half unless told. After a run that took
   * t, nothing starts for t times (1 - share) / share. With the embedded engine t is processor time; with osquery, whose
   * use is not seen from here, it is the time the query took.
   */
  readonly cpuShare?: number
  /** osquery's `schedule_splay_percent`; 10 unless told. */
  readonly splayPercent?: number
  /** Seconds on the denylist; a day unless told. */
  readonly denySeconds?: number
  readonly clock?: Clock
  readonly alarm?: Alarm
  readonly random?: () => number
  readonly stopwatch?: () => number
}

/** How a query stands. */
export interface QueryStanding {
  readonly name: string
  readonly pack?: string
  readonly state: 'waiting' | 'running' | 'denylisted' | 'not_in_force'
  /** Unix seconds; absent for a query that never runs here. */
  readonly due?: number
  /** Why it is off. */
  readonly reason?: string
  readonly denylisted?: DenylistEntry
  readonly record?: RunRecord
}

interface Entry {
  readonly query: ScheduledQuery
  readonly times: Timetable
  due: number
  planned: number
  /** Still to run once because the process started. */
  isStarting: boolean
  /** Attempts in a row that gave nothing for reasons of the engine or of whoever takes the rows. */
  attempts: number
  /** Why it did not run when it was due. */
  reason: string | undefined
}

interface Run {
  readonly isSuspect: boolean
  /** Whether nothing else ran since it began. */
  isAlone: boolean
  done: Promise<void>
}

/** Longest sleep, milliseconds. */
const maxSleepMs = 60_000
/** Longest pause for the processor's sake, milliseconds: one long run must not silence the schedule for hours. */
const maxRestMs = 600_000
/** Seconds until a query is asked again whose engine was not there: doubled each time up to the last. */
const firstRetry = 10
const lastRetry = 300

/** The schedule at work. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #clock: Clock
  readonly #alarm: Alarm
  readonly #state: ScheduleState
  readonly #inForce: InForce
  readonly #runner: Runner
  readonly #stop = new AbortController()
  #entries = new Map<string, Entry>()
  /** Queries that never run here, and why. */
  #elsewhere = new Map<string, { readonly query: ScheduledQuery; readonly reason: string }>()
  readonly #running = new Map<string, Run>()
  #isStarted = false
  #isResting = false
  #callOffRest = () => {}
  #callOffWake = () => {}

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#alarm = options.alarm ?? systemAlarm
    this.#state = new ScheduleState(options.store)
    this.#inForce = new InForce(options.engine, options.host)
    this.#runner = new Runner({ ...options, state: this.#state, clock: this.#clock, alarm: this.#alarm })
  }

  /** Begins; queries with a startup priority run now, lower ones first. */
  start(queries: readonly ScheduledQuery[]): void {
    this.#take(queries)
    for (const entry of this.#entries.values()) entry.isStarting = entry.query.startupPriority !== undefined
    this.#isStarted = true
    this.#pump()
  }

  /**
   * Goes on with other queries. What did not change keeps its due time; a run under way goes on, and its rows are
   * dropped when its query is gone or another. Discovery is asked anew.
   */
  reload(queries: readonly ScheduledQuery[]): void {
    this.#inForce.forget()
    this.#take(queries)
    this.#pump()
  }

  /** Ends: nothing starts any more, running queries are stopped and due again at the next start. Waits so long for them. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stop.abort(new Error('the scheduler stops'))
    this.#callOffWake()
    this.#callOffRest()
    const late = Promise.withResolvers<void>()
    const callOff = this.#alarm.after(deadlineMs, late.resolve)
    await Promise.race([Promise.all([...this.#running.values()].map(({ done }) => done)), late.promise])
    callOff()
  }

  /** How every query stands, by name. */
  standings(): readonly QueryStanding[] {
    const now = this.#now()
    const here = [...this.#entries.values()].map((entry) => this.#standing(entry, now))
    const elsewhere = [...this.#elsewhere.values()].map(
      ({ query, reason }): QueryStanding => ({ ...named(query), state: 'not_in_force', reason }),
    )
    return [...here, ...elsewhere].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Queries that are off because they killed or stalled, of former packs too. */
  denylist(): readonly DenylistEntry[] {
    return this.#state.denylist(this.#now())
  }

  /** Turns a query on again before its time; false when it was not off. Throws when the store does. */
  allow(name: string): boolean {
    const wasOff = this.#state.allow(name)
    const entry = this.#entries.get(name)
    if (wasOff && entry !== undefined) {
      entry.due = this.#now()
      this.#pump()
    }
    return wasOff
  }

  #standing(entry: Entry, now: number): QueryStanding {
    const { query, due, reason } = entry
    const denylisted = this.#state.denied(query, now)
    const record = this.#runner.record(query.name)
    const isRunning = this.#running.has(query.name)
    const isOff = denylisted !== undefined || reason !== undefined
    const why = denylisted?.reason ?? reason
    return {
      ...named(query),
      state: isRunning ? 'running' : denylisted ? 'denylisted' : isOff ? 'not_in_force' : 'waiting',
      due: Math.max(due, denylisted?.until ?? 0),
      ...(why !== undefined && { reason: why }),
      ...(denylisted && { denylisted }),
      ...(record && { record }),
    }
  }

  #take(queries: readonly ScheduledQuery[]): void {
    const { log, splayPercent = 10, denySeconds = 86_400, random = Math.random } = this.#options
    const now = this.#now()
    const before = this.#entries
    this.#entries = new Map()
    this.#elsewhere = new Map()
    const planOne = (query: ScheduledQuery): void => {
      const { name } = query
      const reason = this.#inForce.whyNever(query)
      if (reason !== undefined) {
        this.#elsewhere.set(name, { query, reason })
        return
      }
      const same = before.get(name)
      try {
        const { every, due, planned } = this.#state.plan(query, now, { percent: splayPercent, random }, denySeconds)
        this.#entries.set(name, {
          query,
          times: timetable(query.due, every),
          due,
          planned,
          isStarting: same?.isStarting ?? false,
          attempts: 0,
          reason: undefined,
        })
      } catch (error) {
        log.error({ query: name, error: messageOf(error) }, 'query not scheduled')
      }
    }
    for (const query of queries) planOne(query)
    try {
      this.#state.keep(new Set(queries.map(({ name }) => name)), now)
    } catch (error) {
      log.error({ error: messageOf(error) }, 'schedule not kept; it is remembered until the process ends')
    }
    this.#runner.keepOnly(new Set(this.#entries.keys()))
  }

  /** Starts what may start, and sleeps until something else may. */
  #pump(): void {
    if (!this.#isStarted || this.#stop.signal.aborted) return
    this.#callOffWake()
    const now = this.#now()
    for (const entry of this.#dueAt(now)) {
      if (!this.#mayStart(entry)) break // it is first, and waits for its turn
      this.#launch(entry, now)
    }
    this.#sleep()
  }

  /** Those that are due, in their order. What is off moves on without running. */
  #dueAt(now: number): Entry[] {
    const due: Entry[] = []
    for (const entry of this.#entries.values()) {
      const { query, times } = entry
      if (this.#running.has(query.name)) continue
      entry.due = times.corrected(entry.due, entry.planned, now)
      if (entry.due > now && !entry.isStarting) continue
      if (this.#state.denied(query, now) === undefined) due.push(entry)
      else {
        entry.isStarting = false
        postpone(entry, times.after(entry.due, now), now)
      }
    }
    return due.sort(byTurn)
  }

  #mayStart({ query }: Entry): boolean {
    const { concurrency = 1 } = this.#options
    if (this.#isResting || this.#running.size >= concurrency) return false
    if (this.#running.size === 0) return true
    return !this.#state.isSuspect(query.name) && [...this.#running.values()].every(({ isSuspect }) => !isSuspect)
  }

  #launch(entry: Entry, now: number): void {
    const { name } = entry.query
    const run: Run = {
      isSuspect: this.#state.isSuspect(name),
      isAlone: this.#running.size === 0,
      done: Promise.resolve(),
    }
    for (const other of this.#running.values()) other.isAlone = false
    this.#running.set(name, run)
    const failed = (error: unknown) => {
      this.#options.log.error({ query: name, error: messageOf(error) }, 'query not run')
      postpone(entry, now + lastRetry, now)
      return 0
    }
    run.done = this.#run(entry, run, now)
      .catch(failed)
      .then((costMs) => {
        this.#running.delete(name)
        this.#rest(costMs)
        this.#pump()
      })
  }

  /** Runs an entry; the answer is what it cost. */
  async #run(entry: Entry, run: Run, now: number): Promise<number> {
    const { query, times } = entry
    const { log } = this.#options
    entry.isStarting = false
    const againSeconds = Math.min(firstRetry * 2 ** entry.attempts, lastRetry)
    try {
      entry.reason = await this.#inForce.whyNotNow(query, now, this.#stop.signal)
    } catch (error) {
      if (this.#stop.signal.aborted) return 0
      const level = entry.attempts === 0 ? 'warn' : 'debug'
      log[level]({ query: query.name, error: messageOf(error) }, 'query not run: the engine cannot be asked')
      entry.attempts++
      postpone(entry, this.#now() + againSeconds, now)
      return 0
    }
    if (entry.reason !== undefined) {
      log.info({ query: query.name, reason: entry.reason }, 'query not in force')
      postpone(entry, Math.min(times.after(entry.due, now), now + refreshSeconds), now)
      return 0
    }
    const isWanted = () => this.#entries.get(query.name)?.query.sql === query.sql
    const { due, kind, costMs } = await this.#runner.run(query, {
      next: times.after(entry.due, now),
      againSeconds,
      due: entry.due,
      wasAlone: () => run.isAlone,
      signal: this.#stop.signal,
      isWanted,
    })
    entry.attempts = kind === 'failed' ? entry.attempts + 1 : 0
    postpone(entry, due, now)
    const current = this.#entries.get(query.name)
    if (current !== undefined && current !== entry && isWanted()) postpone(current, due, now) // reloaded meanwhile
    return costMs
  }

  /** Leaves the processor to others for as long as the share demands. */
  #rest(costMs: number): void {
    const { cpuShare = 0.5 } = this.#options
    const restMs = Math.min((Math.max(0, costMs) * (1 - cpuShare)) / cpuShare, maxRestMs)
    if (restMs < 1 || this.#stop.signal.aborted) return
    this.#callOffRest()
    this.#isResting = true
    this.#callOffRest = this.#alarm.after(restMs, () => {
      this.#isResting = false
      this.#pump()
    })
  }

  #sleep(): void {
    const { concurrency = 1 } = this.#options
    // The end of a run or of a rest wakes as well, and before it nothing could start.
    if (this.#isResting || this.#running.size >= concurrency) return
    const nowMs = this.#clock.nowMs()
    let wakeMs = nowMs + maxSleepMs
    for (const { query, due } of this.#entries.values()) {
      if (!this.#running.has(query.name) && due * 1000 > nowMs) wakeMs = Math.min(wakeMs, due * 1000)
    }
    this.#callOffWake = this.#alarm.after(wakeMs - nowMs, () => this.#pump())
  }

  #now(): number {
    return Math.floor(this.#clock.nowMs() / 1000)
  }
}

function postpone(entry: Entry, due: number, now: number): void {
  entry.due = due
  entry.planned = now
}

/** What starts with the process first, by priority; then what has waited longest. */
function byTurn(a: Entry, b: Entry): number {
  const priority = ({ isStarting, query }: Entry) =>
    isStarting ? (query.startupPriority ?? 0) : Number.POSITIVE_INFINITY
  const [first, second] = [priority(a), priority(b)]
  if (first !== second) return first - second
  return a.due - b.due || (a.query.name < b.query.name ? -1 : 1)
}

function named({ name, pack }: ScheduledQuery): { readonly name: string; readonly pack?: string } {
  return { name, ...(pack !== undefined && { pack }) }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
