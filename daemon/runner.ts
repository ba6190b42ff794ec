/**
 * Runs one query: its time, its budget, the hand-over of its rows, its record, and what becomes of a query that kills.
 *
 * A query that ends the engine or does not end itself is turned off for a day, so that it does not do so every hour on
 * every host; the reason is kept where the status shows it. When to run is the scheduler's, what rows mean is whose
 * `deliver` it is. Nothing here repeats anything.
 */
import { type Alarm, type Clock, systemAlarm, systemClock } from '../extension/runtime/clock.ts'
import type { Logger } from '../extension/runtime/log.ts'
import { type Engine, EngineError, type ResultSet } from './engine/engine.ts'
import type { Ending, ScheduleState } from './schedule/schedule-state.ts'
import type { ScheduledQuery } from './schedule/scheduled-query.ts'

/** Takes rows; a rejection means that they were not taken, and the query is asked again soon. */
export type Deliver = (query: ScheduledQuery, result: ResultSet, nowSeconds: number) => Promise<void>

/** What a runner works with. */
export interface RunnerOptions {
  readonly engine: Engine
  readonly state: ScheduleState
  readonly deliver: Deliver
  readonly log: Logger
  /** Seconds that a query is off after it killed or stalled; a day unless told. */
  readonly denySeconds?: number
  readonly clock?: Clock
  readonly alarm?: Alarm
  /** Milliseconds from some beginning, whatever the clock does; for tests. */
  readonly stopwatch?: () => number
}

/** How one run is to be made. */
export interface RunRequest {
  /** When the query is due after this run; unix seconds. */
  readonly next: number
  /** Seconds until it is due again where this run gave nothing, for reasons that may pass. */
  readonly againSeconds: number
  /** When it was due now, for a run that is taken back. */
  readonly due: number
  /** Whether nothing else ran meanwhile: if the engine died, it died of this. */
  wasAlone(): boolean
  /** Stops the run; it counts as not made. */
  readonly signal: AbortSignal
  /** Whether its rows are still wanted when they have come. */
  isWanted(): boolean
}

/** How a run ended, and when the query is due again. */
export interface RunOutcome {
  readonly kind: 'delivered' | 'failed' | 'denylisted' | 'stopped'
  readonly due: number
  /** Milliseconds of processor time to account for. */
  readonly costMs: number
}

/** A query's record since the start of this process. */
export interface RunRecord {
  readonly runs: number
  readonly failures: number
  /** Unix seconds of the last start. */
  readonly lastStart: number
  readonly lastMs: number
  readonly averageMs: number
  readonly lastRows: number
  /** Absent: the last run was good. */
  readonly lastError?: string
  /** Absent: nothing was left out. */
  readonly lastTruncated?: string
}

const daySeconds = 86_400

/** The runner of one engine. */
export class Runner {
  readonly #options: RunnerOptions
  readonly #clock: Clock
  readonly #alarm: Alarm
  readonly #stopwatch: () => number
  readonly #records = new Map<string, RunRecord>()
  /** The engine was not there the last time: said once, not by every query. */
  #isOut = false

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#alarm = options.alarm ?? systemAlarm
    this.#stopwatch = options.stopwatch ?? (() => performance.now())
  }

  /** What is known of a query's runs. */
  record(name: string): RunRecord | undefined {
    return this.#records.get(name)
  }

  /** Forgets records of queries that are not in force any more. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#records.keys()) if (!names.has(name)) this.#records.delete(name)
  }

  /** Runs a query. Never rejects: everything that goes wrong is an outcome, and said in the log once. */
  async run(query: ScheduledQuery, request: RunRequest): Promise<RunOutcome> {
    const { engine } = this.#options
    const [startMs, startCpuMs] = [this.#stopwatch(), engine.cpuMs?.()]
    const lastStart = this.#now()
    const ended = await this.#ended(query, request)
    const lastMs = this.#stopwatch() - startMs
    const cpuMs = engine.cpuMs?.()
    if (ended.kind !== 'stopped') this.#note(query.name, ended, lastStart, lastMs)
    // What osqueryd spends is not seen from here, nor what an engine spent that was killed; the time is, and is no less.
    const isSeen = ended.kind === 'delivered' && cpuMs !== undefined && startCpuMs !== undefined
    const costMs = isSeen ? cpuMs - startCpuMs : lastMs
    return { kind: ended.kind, due: ended.due, costMs }
  }

  async #ended(query: ScheduledQuery, request: RunRequest): Promise<Ended> {
    const { state, log } = this.#options
    const { name } = query
    try {
      state.begin(name, request.next, this.#now())
    } catch (error) {
      log.error({ query: name, error: messageOf(error) }, 'query not run: its start cannot be noted')
      return { kind: 'failed', due: this.#now() + request.againSeconds, error: messageOf(error) }
    }
    const ended = await this.#asked(query, request)
    try {
      const { due, error: reason } = ended
      const ending = { due, verdict: verdictOf(ended), denySeconds: this.#denySeconds }
      state.end(query, { ...ending, ...(reason !== undefined && { reason }) }, this.#now())
    } catch (error) {
      log.error({ query: name, error: messageOf(error) }, 'end of a query cannot be noted')
    }
    return ended
  }

  async #asked(query: ScheduledQuery, request: RunRequest): Promise<Ended> {
    const { engine, deliver, log } = this.#options
    const { name, sql, budget, timeoutMs } = query
    const deadline = new AbortController()
    const callOff = this.#alarm.after(timeoutMs, () => {
      deadline.abort(new Error(`the query did not end within ${timeoutMs / 1000} s`))
    })
    let result: ResultSet
    try {
      result = await engine.query(sql, budget, AbortSignal.any([request.signal, deadline.signal]))
    } catch (error) {
      if (request.signal.aborted) return { kind: 'stopped', due: request.due }
      return this.#failed(query, request, error)
    } finally {
      callOff()
    }
    if (this.#isOut) log.info({ query: name }, 'engine answers again')
    this.#isOut = false
    const { truncated, rows } = result
    if (truncated !== undefined) log.warn({ query: name, truncated }, 'result cut to the budget')
    if (!request.isWanted()) return { kind: 'stopped', due: request.due }
    try {
      await deliver(query, result, this.#now())
    } catch (error) {
      const message = `results were not taken: ${messageOf(error)}`
      log.error({ query: name, rows: rows.length, error: message }, 'results not taken; the query is asked again')
      return { kind: 'failed', due: this.#now() + request.againSeconds, error: message, result }
    }
    log.debug({ query: name, rows: rows.length }, 'query run')
    return { kind: 'delivered', due: request.next, result }
  }

  #failed(query: ScheduledQuery, request: RunRequest, error: unknown): Ended {
    const { log } = this.#options
    const { name } = query
    const message = messageOf(error)
    const { code, isInterrupted } = error instanceof EngineError ? error : { code: 'sql', isInterrupted: false }
    const isDeadly = code === 'stalled' || isInterrupted
    const isGuilty = isDeadly && request.wasAlone()
    if (isGuilty && query.denylist) {
      const seconds = this.#denySeconds
      log.error({ query: name, code, error: message, seconds }, 'query denylisted')
      return { kind: 'denylisted', due: request.next, error: message }
    }
    const again = this.#now() + request.againSeconds
    if (isDeadly && !isGuilty) {
      log.error(
        { query: name, code, error: message },
        'engine died or stalled while several queries ran; each will run alone',
      )
      return { kind: 'failed', due: again, error: message, isSuspect: true }
    }
    const isPassing = code === 'unreachable' && !isGuilty
    log[isPassing && this.#isOut ? 'debug' : 'warn']({ query: name, code, error: message }, 'query failed')
    if (isPassing) this.#isOut = true
    return { kind: 'failed', due: isPassing ? again : request.next, error: message, isGuilty }
  }

  #note(name: string, { kind, error, result }: Ended, lastStart: number, lastMs: number): void {
    const known = this.#records.get(name)
    const runs = (known?.runs ?? 0) + 1
    this.#records.set(name, {
      runs,
      failures: (known?.failures ?? 0) + (kind === 'delivered' ? 0 : 1),
      lastStart,
      lastMs,
      averageMs: ((known?.averageMs ?? 0) * (runs - 1) + lastMs) / runs,
      lastRows: result?.rows.length ?? 0,
      ...(error !== undefined && { lastError: error }),
      ...(result?.truncated !== undefined && { lastTruncated: result.truncated }),
    })
  }

  get #denySeconds(): number {
    return this.#options.denySeconds ?? daySeconds
  }

  #now(): number {
    return Math.floor(this.#clock.nowMs() / 1000)
  }
}

interface Ended {
  readonly kind: RunOutcome['kind']
  readonly due: number
  readonly error?: string
  /** Something died while this and others ran. */
  readonly isSuspect?: boolean
  /** It killed or stalled, and may not be denylisted. */
  readonly isGuilty?: boolean
  readonly result?: ResultSet
}

function verdictOf({ kind, isSuspect, isGuilty }: Ended): Ending['verdict'] {
  if (kind === 'denylisted') return 'guilty'
  if (kind === 'stopped' || isGuilty) return 'open'
  return isSuspect ? 'suspect' : 'good'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
