/**
 * Finds the past executions of a host or image that have to do with the campaign.
 */
import {
  type Execution,
  type ExecutionKnowledge,
  type ExecutionRecord,
  Executions,
  judgeExecution,
} from '../domain/execution.ts'
import type { Indicator } from '../domain/indicator.ts'
import type { Install } from '../domain/install.ts'
import type { Matcher } from '../domain/match.ts'
import type { PathText } from '../domain/path-text.ts'
import { withPossibleTimes } from '../domain/record-time.ts'
import type { Scan } from '../domain/scan.ts'
import { cutScans, PlacedReadings, type ReadingParts } from '../gathering/placed-readings.ts'
import type { WalkEntry } from '../native/engine.ts'
import { readOwners } from '../sweep/owners.ts'
import type { Volume } from '../sweep/volume.ts'
import { programNeedles } from './program-needles.ts'
import type { ExecutionAccess, ExecutionReader, FoundExecution } from './reader.ts'

/** What a search works with; a hunt's plan has it all. */
export interface ExecutionParts extends ReadingParts {
  readonly executionReaders: readonly ExecutionReader[]
  readonly indicators: readonly Indicator[]
  readonly matcher: Matcher
}

/** What a search found, and how complete it was. */
export interface ExecutionSearch {
  /** Gravest first. */
  readonly executions: readonly Execution[]
  /** One per volume and source that had files, and one per volume for the walk. */
  readonly scans: readonly Scan[]
}

/** Searches, and remembers what unchanged files said. */
export class ExecutionFinder {
  readonly #parts: ExecutionParts
  readonly #readings: PlacedReadings<ExecutionAccess, FoundExecution, ExecutionRecord>
  readonly #accounts = new Map<PathText, (id: string | number) => string>()

  constructor(parts: ExecutionParts) {
    this.#parts = parts
    const { engine, matcher } = parts
    this.#readings = new PlacedReadings(parts, {
      name: 'executions',
      readers: parts.executionReaders,
      needles: programNeedles(parts.indicators),
      kindOf: ({ source }) => source,
      access: (reader, volume, { path }, signal) => ({
        ...reader,
        registry: (queries) => engine.registry([volume.canonical], { root: 0, path }, queries, signal),
        account: (id) => this.#accounts.get(volume.canonical)?.(id) ?? '',
      }),
      // Installs give a record its version and never make it matter, so what is kept does not depend on them.
      keep: (found, { path, user }, source, latest) => {
        const record = withPossibleTimes({ ...found, source, sourcePath: path, user: found.user || user }, latest)
        return judgeExecution(record, { matcher, installs: [] }) && record
      },
    })
  }

  /**
   * Searches the places of all volumes. With `since`, unix seconds, executions whose last time is earlier may be left out.
   * Rejects with the signal's reason when aborted.
   */
  async find(installs: readonly Install[], signal: AbortSignal, since?: number): Promise<ExecutionSearch> {
    for (const volume of this.#parts.volumes) this.#accounts.set(volume.canonical, await this.#accountsOf(volume))
    const records: ExecutionRecord[] = []
    const scans = await this.#readings.find((record) => records.push(record), signal, since)
    return this.#answer(records, installs, scans)
  }

  /** Reads one file that somebody named, as the source of that name or the one that recognises it. */
  async named(
    volume: Volume,
    entry: WalkEntry,
    source: string | undefined,
    installs: readonly Install[],
    signal: AbortSignal,
  ): Promise<ExecutionSearch> {
    this.#accounts.set(volume.canonical, await this.#accountsOf(volume))
    const { records, scan } = await this.#readings.named(volume, entry, source, signal)
    return this.#answer(records, installs, [scan])
  }

  #answer(records: Iterable<ExecutionRecord>, installs: readonly Install[], scans: readonly Scan[]): ExecutionSearch {
    const knowledge: ExecutionKnowledge = { matcher: this.#parts.matcher, installs }
    const executions = new Executions()
    for (const record of records) {
      const judged = judgeExecution(record, knowledge)
      if (judged) executions.add(judged)
    }
    return { executions: executions.all(), scans: cutScans(scans, executions.dropped) }
  }

  /** Accounts by uid; those of Windows are not in a file that is read here. */
  async #accountsOf({ canonical }: Volume): Promise<(id: string | number) => string> {
    const owners = await readOwners(this.#parts.engine, canonical)
    return (id) => (typeof id === 'number' ? owners(id) : '')
  }
}
