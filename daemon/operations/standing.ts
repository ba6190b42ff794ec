/**
 * How the daemon is doing, as one value: metrics, health, `threecx daemon status` and the notices all read this.
 */
import type { DeliveryStanding } from '../delivery/delivery.ts'
import type { SinkStanding } from '../spool/spool.ts'

/** One query of the schedule. */
export interface QueryStanding {
  readonly query: string
  readonly runs: number
  readonly failures: number
  /** Of the last run, milliseconds; undefined before the first. */
  readonly lastMs: number | undefined
  readonly lastRows: number | undefined
  readonly lastError: string | undefined
  /** Unix seconds of the last start and of the next. */
  readonly lastRun: number | undefined
  readonly nextRun: number | undefined
  /** Why it does not run for now, and until when (unix seconds). */
  readonly denylisted: { readonly reason: string; readonly until: number } | undefined
}

/** All of it. */
export interface DaemonStanding {
  readonly version: string
  readonly pid: number
  /** Unix seconds. */
  readonly started: number
  readonly engine: string
  /** Whether the engine answered when it was asked last. */
  readonly isEngineReached: boolean
  readonly rssBytes: number
  readonly stream: string
  readonly newest: number
  readonly queries: readonly QueryStanding[]
  readonly sinks: readonly (SinkStanding & DeliveryStanding)[]
  /** Why the configuration on disk is not the one in force; undefined: it is. */
  readonly configurationError: string | undefined
  /** Problems of packs and queries that are off. */
  readonly problems: readonly string[]
}
