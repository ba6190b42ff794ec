/**
 * The schedule that a configuration asks for: queries of packs and of its own `schedule`, with everything that is off
 * and why.
 */

import type { HuntingPack } from '../extension/domain/hunting-query.ts'
import { cronInterval, osqueryPack } from '../extension/packs/render-osquery.ts'
import type { ConfigText } from '../extension/sdk/extension.ts'
import type { DaemonConfiguration } from './configuration/read-configuration.ts'
import { bytes, milliseconds } from './configuration/units.ts'
import { choosePacks } from './pack-loading.ts'
import {
  mergeSchedules,
  type PackOptions,
  type PackProblem,
  parsePack,
  parseScheduleValue,
} from './schedule/osquery-pack.ts'
import type { ScheduledQuery } from './schedule/scheduled-query.ts'

/** What osquery's configuration has of it. */
export interface OsquerySchedule {
  readonly schedule: Readonly<Record<string, unknown>>
  /** Packs by name: objects, or the text of an osquery pack file. */
  readonly packs: Readonly<Record<string, ConfigText>>
}

/** What is to be asked. */
export interface LoadedSchedule {
  readonly queries: readonly ScheduledQuery[]
  readonly problems: readonly string[]
  /** The same for an osquery that schedules. */
  readonly osquery: OsquerySchedule
}

/** Loads everything; `base` is where relative paths start, `place` names the configuration in problems. */
export function loadSchedule(configuration: DaemonConfiguration, base: string, place: string): LoadedSchedule {
  const { limits, lines } = configuration
  const options: PackOptions = {
    delimiter: lines.pack_delimiter,
    timeoutMs: milliseconds(limits.query_timeout),
    budget: { maxRows: limits.max_rows, maxCellBytes: bytes(limits.max_cell), maxBytes: bytes(limits.max_result) },
  }
  const chosen = choosePacks(configuration.packs, base)
  const merged = mergeSchedules([
    ...chosen.packs.map((pack) =>
      parseScheduleValue({ packs: { [pack.name]: withTimes(pack) } }, `packs/${pack.name}`, options),
    ),
    ...chosen.files.map(({ name, path, text }) => parsePack(text, path, name, options)),
    parseScheduleValue({ schedule: configuration.schedule }, place, options),
  ])
  return {
    queries: merged.queries,
    problems: [...chosen.problems, ...merged.problems.map(problemText)],
    osquery: {
      schedule: Object.fromEntries(
        Object.entries(configuration.schedule).map(([name, one]) => [name, withInterval(one)]),
      ),
      packs: Object.fromEntries([
        ...chosen.packs.map((pack) => [pack.name, osqueryPack(pack)] as const),
        ...chosen.files.map(({ name, text }) => [name, text] as const),
      ]),
    },
  }
}

/** osquery knows no cron expressions. */
function withInterval(query: unknown): unknown {
  return typeof query === 'object' && query !== null && !('interval' in query)
    ? { ...query, interval: cronInterval }
    : query
}

/** A pack of ours as osquery has it, with the keys that only the daemon knows. */
function withTimes(pack: HuntingPack): object {
  const rendered = osqueryPack(pack)
  const queries = pack.queries.map(({ name, schedule }) => {
    const query = rendered.queries[name]
    if ('everySeconds' in schedule) return [name, query]
    const { interval: _none, ...rest } = query ?? { interval: 0 }
    return [name, { ...rest, cron: schedule.cron }]
  })
  return { ...rendered, queries: Object.fromEntries(queries) }
}

function problemText({ file, pack, query, message }: PackProblem): string {
  return [file, pack && `pack ${pack}`, query && `query ${query}`, message].filter(Boolean).join(': ')
}
