/**
 * What every importer hands over: one value with its place, and where it goes: into the set, or into the report.
 *
 * Importers only read their format. Whether a value can be an indicator, whether it says more than it proves (a shared
 * host), and whether it was there before is decided once, in collector.ts.
 */
import type { Stage, Status } from '../../domain/indicator.ts'
import type { Level } from '../../domain/level.ts'
import type { ObservableType } from '../../domain/observable.ts'
import type { Platform } from '../../domain/platform.ts'

/** One value as a format gives it. */
export interface Candidate {
  /** Such as `line 12` or `objects[3].pattern`. */
  readonly place: string
  readonly type: ObservableType
  /** As written, defanged or not. */
  readonly value: string
  readonly status?: Status
  readonly level?: Level
  readonly stage?: Stage
  readonly platform?: Platform
  readonly component?: string
  readonly note?: string
  /** Why `status` is milder than the list would have it; becomes a remark of the report. */
  readonly because?: string
}

/** One line of a report: a value and what became of it. */
export interface ReportLine {
  readonly place: string
  readonly value: string
  readonly reason: string
}

/** What an importer writes to. */
export interface Intake {
  /** Counts one thing that was read: a line, a row, an object. */
  read(): void
  /** Hands over a value. */
  offer(candidate: Candidate): void
  /** Reports a value that cannot be carried over. */
  skip(place: string, value: string, reason: string): void
}

/** What a list says of itself; absent where it says nothing. */
export interface ListFacts {
  readonly title?: string
  readonly publisher?: string
  readonly url?: string
  /** ISO date. */
  readonly published?: string
}
