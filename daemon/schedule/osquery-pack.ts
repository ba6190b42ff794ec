/**
 * osquery's packs and schedule, as queries of ours.
 *
 * The rules are osquery's (`osquery/config/packs.cpp`), with three keys of our own that osquery ignores: `cron`,
 * `timeout`, `max_rows`. One difference: what osquery drops in silence or reads as 0 is a problem here, with its place.
 * A broken query is left out and the others stay; a pack whose own restrictions cannot be read is left out whole,
 * because nobody knows where it should run.
 */
import type { Platform } from '../../extension/domain/platform.ts'
import type { QueryBudget } from '../engine/engine.ts'
import { readCron } from './cron.ts'
import { readPackJson } from './pack-json.ts'
import { isObject, type PackObject, shown, truth, ValueError, wholeNumber, word, words } from './pack-values.ts'
import { allowedPlatforms, isAtLeast } from './restrictions.ts'
import type { Due, ScheduledQuery } from './scheduled-query.ts'

/** What holds where a pack says nothing. */
export interface PackOptions {
  /** Between `pack`, its name and a query's; osquery's `pack_delimiter`. */
  readonly delimiter?: string
  /** osquery's `schedule_default_interval`, seconds. */
  readonly defaultInterval?: number
  readonly timeoutMs?: number
  readonly budget?: QueryBudget
}

/** What is wrong, and where. */
export interface PackProblem {
  readonly file: string
  readonly pack?: string
  readonly query?: string
  readonly message: string
}

/** A pack that is in a file of its own. `*` stands for a file of several packs. */
export interface PackReference {
  readonly name: string
  readonly path: string
}

/** What a text said. */
export interface ParsedSchedule {
  readonly queries: readonly ScheduledQuery[]
  readonly problems: readonly PackProblem[]
  /** Packs named by a path; whoever reads files goes on with them. */
  readonly references: readonly PackReference[]
}

/** Bounds of a query unless its pack or the caller says otherwise. */
export const defaultBudget: QueryBudget = { maxRows: 10_000, maxCellBytes: 1024 * 1024, maxBytes: 64 * 1024 * 1024 }
/** Time of a query, likewise. A sweep of the file system may take most of it. */
export const defaultTimeoutMs = 300_000

/** osquery's `kMaxQueryInterval`, a week. */
const maxInterval = 604_800
const maxTimeoutSeconds = 86_400
const maxRows = 1_000_000
/** Characters of a name, and of a statement: SQLite takes no longer ones. */
const maxName = 256
const maxSql = 1_000_000
/** osquery's database keeps its own records beside results under names made with these. */
const reservedPrefixes = ['query.', 'cache.', 'config_views.']
const reservedSuffixes = ['epoch', 'counter']
/** The name that osquery gives the queries of `schedule`: they bear no pack's name. */
const scheduleName = 'main'

/** A file that holds one pack: `{"queries": {...}}`. Its name is what the configuration calls it. */
export function parsePack(text: string, file: string, name: string, options: PackOptions = {}): ParsedSchedule {
  return parsed(text, file, options, (reading, value) => reading.pack(name, value))
}

/** A configuration of osquery: `schedule` and `packs`. Everything else in it is passed over. */
export function parseConfiguration(text: string, file: string, options: PackOptions = {}): ParsedSchedule {
  return parsed(text, file, options, (reading, value) => reading.configuration(value))
}

/** The same out of a value that was read already, as from YAML. */
export function parseScheduleValue(value: unknown, file: string, options: PackOptions = {}): ParsedSchedule {
  const reading = new Reading(file, options)
  reading.configuration(value)
  return reading
}

/** Queries of several files together: of two with one name the first stays, the second is a problem. */
export function mergeSchedules(schedules: readonly ParsedSchedule[]): ParsedSchedule {
  const queries = new Map<string, ScheduledQuery>()
  const problems = schedules.flatMap((one) => one.problems)
  for (const query of schedules.flatMap((one) => one.queries)) {
    if (queries.has(query.name)) {
      const message = `the name ${shown(query.name)} is given twice; the first query of it stays`
      problems.push({ file: '', ...(query.pack !== undefined && { pack: query.pack }), query: query.name, message })
    } else queries.set(query.name, query)
  }
  return { queries: [...queries.values()], problems, references: schedules.flatMap((one) => one.references) }
}

function parsed(
  text: string,
  file: string,
  options: PackOptions,
  read: (reading: Reading, value: unknown) => void,
): ParsedSchedule {
  const reading = new Reading(file, options)
  const json = readPackJson(text)
  if ('problem' in json) {
    reading.problems.push({ file, message: json.problem })
    return reading
  }
  for (const key of json.repeated) {
    const message = `the key ${shown(key)} is given twice in one object; the last of them holds, in osquery the first`
    reading.problems.push({ file, message })
  }
  read(reading, json.value)
  return reading
}

/** Restrictions of a pack, which hold for each of its queries. */
interface PackRules {
  readonly name: string
  readonly platforms: readonly Platform[] | undefined
  readonly version: string | undefined
  readonly shard: number
  readonly discovery: readonly string[]
}

class Reading implements ParsedSchedule {
  readonly queries: ScheduledQuery[] = []
  readonly problems: PackProblem[] = []
  readonly references: PackReference[] = []
  readonly #file: string
  readonly #options: PackOptions
  readonly #names = new Set<string>()

  constructor(file: string, options: PackOptions) {
    this.#file = file
    this.#options = options
  }

  configuration(value: unknown): void {
    if (!isObject(value)) {
      this.#problem(`the text is ${shown(value)}; expected an object`)
      return
    }
    const { schedule, packs } = value
    if (schedule !== undefined) this.pack(scheduleName, { queries: schedule })
    if (packs === undefined) return
    if (!isObject(packs)) {
      this.#problem(`packs is ${shown(packs)}; expected an object of packs`)
      return
    }
    for (const [name, pack] of Object.entries(packs)) {
      if (typeof pack === 'string') this.references.push({ name, path: pack })
      else this.pack(name, pack)
    }
  }

  pack(name: string, value: unknown): void {
    if (name === '*' && isObject(value)) {
      for (const [one, pack] of Object.entries(value)) this.pack(one, pack)
      return
    }
    const rules = this.#rules(name, value)
    if (rules === undefined || !isObject(value)) return
    const { queries } = value
    if (!isObject(queries)) {
      this.#problem(`queries is ${shown(queries)}; expected an object of queries`, name)
      return
    }
    for (const [query, said] of Object.entries(queries)) {
      try {
        this.queries.push(this.#query(rules, query, said))
      } catch (error) {
        if (!(error instanceof ValueError)) throw error
        this.#problem(error.message, name, query)
      }
    }
  }

  #rules(name: string, value: unknown): PackRules | undefined {
    try {
      if (!isObject(value)) throw new ValueError(`the pack is ${shown(value)}; expected an object`)
      checkName(name)
      return {
        name,
        platforms: allowedPlatforms(word(value, 'platform')),
        version: versionOf(value),
        shard: wholeNumber(value, 'shard', 0, 100) ?? 0,
        discovery: words(value, 'discovery') ?? [],
      }
    } catch (error) {
      if (!(error instanceof ValueError)) throw error
      this.#problem(error.message, name)
      return undefined
    }
  }

  #query(pack: PackRules, name: string, value: unknown): ScheduledQuery {
    if (!isObject(value)) throw new ValueError(`the query is ${shown(value)}; expected an object`)
    checkName(name)
    checkReserved(name)
    const { delimiter = '_', timeoutMs = defaultTimeoutMs, budget = defaultBudget } = this.#options
    const isScheduled = pack.name === scheduleName
    const full = isScheduled ? name : ['pack', pack.name, name].join(delimiter)
    const timeout = wholeNumber(value, 'timeout', 1, maxTimeoutSeconds)
    const version = newest(pack.version, versionOf(value))
    const shard = smallest(pack.shard, wholeNumber(value, 'shard', 0, 100) ?? 0)
    const startupPriority = wholeNumber(value, 'startup_priority', 0, Number.MAX_SAFE_INTEGER)
    const query: ScheduledQuery = {
      name: full,
      ...(!isScheduled && { pack: pack.name }),
      sql: sqlOf(value),
      due: this.#due(value),
      platforms: both(pack.platforms, allowedPlatforms(word(value, 'platform'))),
      ...(version !== undefined && { version }),
      ...(shard > 0 && { shard }),
      discovery: pack.discovery,
      snapshot: truth(value, 'snapshot') ?? false,
      removed: truth(value, 'removed') ?? true,
      denylist: truth(value, 'denylist') ?? truth(value, 'blacklist') ?? true,
      ...(startupPriority !== undefined && { startupPriority }),
      timeoutMs: timeout === undefined ? timeoutMs : timeout * 1000,
      budget: { ...budget, maxRows: wholeNumber(value, 'max_rows', 1, maxRows) ?? budget.maxRows },
    }
    if (this.#names.has(full))
      throw new ValueError(`the name ${shown(full)} is given twice; the first query of it stays`)
    this.#names.add(full)
    return query
  }

  /** An expression of ours goes before the interval, which stays for osquery. */
  #due(value: PackObject): Due {
    const interval = wholeNumber(value, 'interval', 1, maxInterval)
    const cron = word(value, 'cron')
    if (cron === undefined) return { every: interval ?? this.#options.defaultInterval ?? 3600 }
    try {
      return { cron: readCron(cron).expression }
    } catch (error) {
      throw new ValueError(error instanceof Error ? error.message : String(error))
    }
  }

  #problem(message: string, pack?: string, query?: string): void {
    const place = { ...(pack !== undefined && { pack }), ...(query !== undefined && { query }) }
    this.problems.push({ file: this.#file, ...place, message })
  }
}

/** A problem on one line, with its place. */
export function problemText({ file, pack, query, message }: PackProblem): string {
  const place = [file, pack, query].filter((part) => part !== undefined && part !== '')
  return `${place.join(': ')}: ${message}`
}

function checkName(name: string): void {
  if (name.trim() === '') throw new ValueError('the name is empty; expected a name')
  if (name.length > maxName) throw new ValueError(`the name has ${name.length} characters; expected at most ${maxName}`)
  if (/[\u0000-\u001f\u007f]/.test(name))
    throw new ValueError(`the name is ${shown(name)}; expected no control characters`)
}

function checkReserved(name: string): void {
  const prefix = reservedPrefixes.find((one) => name.startsWith(one))
  if (prefix !== undefined)
    throw new ValueError(`the name starts with ${shown(prefix)}, which osquery keeps for itself`)
  const suffix = reservedSuffixes.find((one) => name.endsWith(one))
  if (suffix !== undefined) throw new ValueError(`the name ends with ${shown(suffix)}, which osquery keeps for itself`)
}

function sqlOf(value: PackObject): string {
  const sql = word(value, 'query')
  if (sql === undefined || sql.trim() === '') throw new ValueError('query is missing; expected a statement of SQL')
  if (sql.length > maxSql) throw new ValueError(`query has ${sql.length} characters; expected at most ${maxSql}`)
  if (sql.includes('\0')) throw new ValueError('query contains a NUL character; expected a statement of SQL')
  return sql
}

/** The minimum that is demanded; osquery takes "" and "null" for none. */
function versionOf(value: PackObject): string | undefined {
  const version = word(value, 'version')
  if (version === undefined || version === '' || version === 'null') return undefined
  if (/^\d+(\.\w+)*/.test(version) && version.length <= 64) return version
  throw new ValueError(`version is ${shown(version)}; expected a version like 5.10.0`)
}

/** Systems that both allow. None of ours left: the query is for others, and is said not to run here. */
function both(pack: readonly Platform[] | undefined, query: readonly Platform[] | undefined): readonly Platform[] {
  const left = pack === undefined ? query : query === undefined ? pack : pack.filter((one) => query.includes(one))
  if (left?.length === 0)
    throw new ValueError('platform allows none of windows, darwin and linux; the query never runs')
  return left ?? []
}

function newest(pack: string | undefined, query: string | undefined): string | undefined {
  if (pack === undefined || query === undefined) return pack ?? query
  return isAtLeast(pack, query) ? pack : query
}

/** Of two shares the smaller; 0 is no restriction. */
function smallest(pack: number, query: number): number {
  return pack === 0 || query === 0 ? Math.max(pack, query) : Math.min(pack, query)
}
