/**
 * What osquery's tables answer from where no osquery runs: volumes, read through an engine, and what could not be read.
 *
 * A table yields rows and never judges. What it could not look into is told once, beside the rows: an answer that lacks
 * something must not read like one that lacks nothing.
 */
import type { ScanError } from '../domain/scan.ts'
import type { ScanEngine, WalkPlan } from '../native/engine.ts'
import type { Columns, QueryContext } from '../sdk/index.ts'
import type { SweepLimits } from '../sweep/request.ts'
import type { Volume } from '../sweep/volume.ts'
import type { InlineRules } from './inline-rules.ts'

/** What the tables are given. */
export interface OsqueryServices {
  readonly engine: ScanEngine
  readonly volumes: readonly Volume[]
  readonly limits: SweepLimits
  readonly mounts: WalkPlan['mounts']
  readonly rules: InlineRules
  readonly problems: TableProblems
}

/** A row by column; columns that the table does not have on the platform are left out, those missing are empty. */
export type OsqueryRow = Readonly<Record<string, string | number | bigint | null | undefined>>

/** One of osquery's tables. */
export interface OsqueryTable {
  readonly name: string
  rows(context: QueryContext<Columns>, services: OsqueryServices): AsyncIterable<OsqueryRow>
}

/** What only a running osquery knows of this machine: a query that asks for it fails, because nothing would be a guess. */
export class NeedsOsquery extends Error {
  constructor(what: string) {
    super(`${what} can be told by a running osquery only: ask it with --socket`)
    this.name = 'NeedsOsquery'
  }
}

/** Something that a table could not look into. */
export interface TableProblem extends ScanError {
  readonly table: string
}

/** Problems that are kept; the others are counted. */
const maxKept = 200

/** What the tables could not look into, each thing once. */
export class TableProblems {
  readonly #kept = new Map<string, TableProblem>()
  readonly #told: (problem: TableProblem) => void
  #dropped = 0

  /** `told`: hears of each that is kept. */
  constructor(told: (problem: TableProblem) => void = () => {}) {
    this.#told = told
  }

  add(problem: TableProblem): void {
    const key = `${problem.table} ${problem.code} ${problem.path}`
    if (this.#kept.has(key)) return
    if (this.#kept.size >= maxKept) {
      this.#dropped++
      return
    }
    this.#kept.set(key, problem)
    this.#told(problem)
  }

  get all(): readonly TableProblem[] {
    return [...this.#kept.values()]
  }

  /** How many more there were. */
  get dropped(): number {
    return this.#dropped
  }
}
