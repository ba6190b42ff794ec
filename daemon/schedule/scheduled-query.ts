/**
 * A query with its time: what packs of every kind become once they are read, and all that scheduler and runner know.
 */
import type { Platform } from '../../extension/domain/platform.ts'
import type { QueryBudget } from '../engine/engine.ts'

/** When a query is due: every so many seconds (splayed), or at the times of a cron expression in UTC. */
export type Due = { readonly every: number } | { readonly cron: string }

/** One query of a schedule or a pack. */
export interface ScheduledQuery {
  /** Full name, as it stands in lines: `pack_<pack>_<query>`, or the bare name outside packs. */
  readonly name: string
  /** Pack it came from; absent for queries of the schedule itself. */
  readonly pack?: string
  readonly sql: string
  readonly due: Due
  /** Systems it is for; empty: all. */
  readonly platforms: readonly Platform[]
  /** Oldest version of the engine that it is for. */
  readonly version?: string
  /** Percentage of hosts that run it. */
  readonly shard?: number
  /** Queries that must each give a row for the pack to be in force here. */
  readonly discovery: readonly string[]
  /** The whole result every time, and no difference. */
  readonly snapshot: boolean
  /** Whether rows that are gone are told. */
  readonly removed: boolean
  /** Whether it may be denylisted when it kills or stalls the engine. */
  readonly denylist: boolean
  /** Runs once at the start, lower first; absent: not. */
  readonly startupPriority?: number
  readonly timeoutMs: number
  readonly budget: QueryBudget
}
