/**
 * From a result to the spool: the difference, its lines, and their place, in one transaction.
 *
 * When the spool has no room (`refuse_new`), the transaction takes the new state back too: the next run finds the same
 * change again. What was cut off a result is told by a line of the status log.
 */
import type { ResultEvent } from '../extension/domain/result-event.ts'
import type { Logger } from '../extension/runtime/log.ts'
import type { StatusLine } from '../extension/sdk/extension.ts'
import type { ResultSet } from './engine/engine.ts'
import type { LineContext, ResultLines, StatusNotice } from './results/result-lines.ts'
import type { ResultState } from './results/result-state.ts'
import type { ScheduledQuery } from './schedule/scheduled-query.ts'
import { type Spool, SpoolFullError } from './spool/spool.ts'
import type { Store } from './store/store.ts'

/** What the publisher needs. */
export interface PublisherServices {
  readonly store: Store
  readonly spool: Spool
  readonly state: ResultState
  readonly log: Logger
  readonly version: string
}

/** What of the configuration it needs; changes with it. */
export interface PublisherSettings {
  readonly lines: ResultLines
  readonly host: string
  readonly decorations: Readonly<Record<string, string>>
  readonly epoch: number
}

/** Severities of osquery's status log. */
const severities = { info: 0, warning: 1, error: 2 } as const

/** Events handed to the spool at once: a million rows are not a million lines in memory. */
const chunkEvents = 1000

/** Publishes results. */
export class Publisher {
  readonly #services: PublisherServices
  #settings: PublisherSettings

  constructor(services: PublisherServices, settings: PublisherSettings) {
    this.#services = services
    this.#settings = settings
  }

  /** From now on lines look like this. */
  use(settings: PublisherSettings): void {
    this.#settings = settings
  }

  /** Spools what a run gave. A full spool is told and thrown: the result will be found again. */
  publish(query: ScheduledQuery, result: ResultSet, nowSeconds: number): void {
    const { store, spool, state, log } = this.#services
    const { lines, epoch } = this.#settings
    const context = this.#context(nowSeconds)
    try {
      store.transaction(() => {
        if (query.snapshot) this.#append(lines.snapshot(query, result, { epoch }, context))
        else {
          const advanced = state.advance(query, result, { epoch, nowSeconds }, (change) => {
            this.#append(lines.changes(query, change, context))
          })
          if (advanced.damage)
            log.warn(
              { query: query.name, reason: advanced.damage },
              'the last result was damaged; all of it is told anew',
            )
        }
        if (result.truncated)
          spool.append([this.notice('warning', `result of ${query.name} was cut off: ${result.truncated}`, nowSeconds)])
      })
    } catch (err) {
      if (err instanceof SpoolFullError)
        log.error({ query: query.name }, 'the spool is full; the result is asked for again later')
      throw err
    }
  }

  /** A line of the status log. */
  notice(severity: keyof typeof severities, message: string, nowSeconds: number): ResultEvent {
    const { version } = this.#services
    const notice = { severity: severities[severity], filename: 'threecx-daemon', line: 0, message, version }
    return this.#settings.lines.status(notice, this.#context(nowSeconds))
  }

  /** A status line of osquery's, as it would write it itself. */
  forwarded({ severity, file: filename, line, message, unixTime }: StatusLine): ResultEvent {
    const { version } = this.#services
    const glog = Math.min(3, Math.max(0, severity)) as StatusNotice['severity'] // glog knows no other
    return this.#settings.lines.status({ severity: glog, filename, line, message, version }, this.#context(unixTime))
  }

  #context(unixTime: number): LineContext {
    const { host, decorations } = this.#settings
    return { host, unixTime, decorations }
  }

  #append(events: Iterable<ResultEvent>): void {
    let chunk: ResultEvent[] = []
    for (const event of events) {
      chunk.push(event)
      if (chunk.length < chunkEvents) continue
      this.#services.spool.append(chunk)
      chunk = []
    }
    if (chunk.length > 0) this.#services.spool.append(chunk)
  }
}
