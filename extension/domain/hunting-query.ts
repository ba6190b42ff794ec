/**
 * Hunting queries as data: one SQL file whose header says what it is for, when it runs and what it may cost.
 *
 * The header is comment lines `-- key: value` at the top of the file; a line `--   more` goes on with the value above.
 * It is parsed, not admired: a key that is missing, unknown or ill-formed is a problem with its line. Renderers, the
 * daemon and the checks all start from these values; nothing here touches a file or a database.
 */
import type { ConstructedTable } from './constructed-table.ts'
import { type Level, levels } from './level.ts'
import { type Platform, platforms } from './platform.ts'

/** When a query runs: every so many seconds, or by a cron expression in UTC. */
export type QuerySchedule = { readonly everySeconds: number } | { readonly cron: string }

/** What a query reports: changes, changes without rows that are gone, or its whole result every time. */
export const queryModes = ['differential', 'differential_ignore_removals', 'snapshot'] as const

/** One of the modes. */
export type QueryMode = (typeof queryModes)[number]

/** One hunting query. */
export interface HuntingQuery {
  /** Name of the pack's folder. */
  readonly pack: string
  /** Name of the file without its ending. */
  readonly name: string
  readonly title: string
  readonly description: string
  readonly platforms: readonly Platform[]
  readonly schedule: QuerySchedule
  readonly mode: QueryMode
  readonly level: Level
  readonly references: readonly string[]
  readonly falsePositives: string
  readonly resolution: string
  /** More rows, or more seconds, than these are a defect of the query or a host that needs a look. */
  readonly budget: { readonly rows: number; readonly seconds: number }
  /** Techniques of MITRE ATT&CK, e.g. T1195.002. */
  readonly attack: readonly string[]
  /** The oldest release of osquery that can answer, such as 5.23.0; undefined: any. */
  readonly osquery?: string
  /** The statement, without the header and without a semicolon at its end. */
  readonly sql: string
}

/** A folder of queries. */
export interface HuntingPack {
  readonly name: string
  readonly title: string
  readonly description: string
  /** Queries that must each give a row for the pack to be in force on a host. */
  readonly discovery: readonly string[]
  /** Whether the daemon runs it when nobody chose packs. */
  readonly isDefault: boolean
  /** Tables that its queries read and osquery's configuration must construct. */
  readonly constructed: readonly ConstructedTable[]
  readonly queries: readonly HuntingQuery[]
}

/** Something wrong with a file of a pack. */
export interface PackProblem {
  readonly file: string
  /** Line, from 1. */
  readonly line: number
  readonly message: string
}

/** osquery's bound of an interval, seconds. https://osquery.readthedocs.io/en/stable/deployment/configuration/ */
const maxInterval = 604_800
const maxHeaderLines = 200

const keys = [
  'title',
  'description',
  'platforms',
  'schedule',
  'mode',
  'level',
  'references',
  'false positives',
  'resolution',
  'budget',
  'attack',
] as const

/** Keys that a query may have. */
const otherKeys = ['osquery'] as const

type Key = (typeof keys)[number] | (typeof otherKeys)[number]

interface Value {
  readonly line: number
  text: string
}

/** The query of one file, or everything that is wrong with it. */
export function parseHuntingQuery(
  pack: string,
  name: string,
  text: string,
  file: string,
): { readonly query: HuntingQuery } | { readonly problems: readonly PackProblem[] } {
  const problems: PackProblem[] = []
  const refuse = (line: number, message: string) => problems.push({ file, line, message })
  const { values, sql, sqlLine } = splitHeader(text, refuse)
  for (const key of keys) if (!values.has(key)) refuse(1, `the header has no "${key}:"; every query has one`)
  const read = <T>(key: Key, parse: (value: string) => T | string, fallback: T): T => {
    const value = values.get(key)
    if (!value) return fallback
    const parsed = parse(value.text)
    if (typeof parsed !== 'string' || typeof fallback === 'string') return parsed as T
    refuse(value.line, `${key}: ${parsed}`)
    return fallback
  }
  const plain = (key: Key) => values.get(key)?.text ?? ''
  for (const [key, { line, text: said }] of values) if (said === '') refuse(line, `${key}: is empty`)
  if (!/^(select|with)\b/i.test(sql.replace(/^(\s|--[^\n]*\n)+/, ''))) {
    refuse(sqlLine, 'the statement does not begin with SELECT or WITH')
  }
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) refuse(1, `the name is "${name}"; expected snake_case`)
  const query: HuntingQuery = {
    pack,
    name,
    title: plain('title'),
    description: plain('description'),
    platforms: read('platforms', parsePlatforms, []),
    schedule: read('schedule', parseSchedule, { everySeconds: 3600 }),
    mode: read('mode', (said) => oneOf(queryModes, said), { mode: 'differential' as QueryMode }).mode,
    level: read('level', (said) => oneOfLevels(said), { level: 'informational' as Level }).level,
    references: read('references', parseReferences, []),
    falsePositives: plain('false positives'),
    resolution: plain('resolution'),
    budget: read('budget', parseBudget, { rows: 1, seconds: 1 }),
    attack: read('attack', parseAttack, []),
    ...read('osquery', parseRelease, {}),
    sql,
  }
  return problems.length > 0 ? { problems } : { query }
}

function splitHeader(
  text: string,
  refuse: (line: number, message: string) => void,
): { readonly values: ReadonlyMap<Key, Value>; readonly sql: string; readonly sqlLine: number } {
  const lines = text.split(/\r?\n/)
  const values = new Map<Key, Value>()
  let current: Value | undefined
  let index = 0
  for (; index < Math.min(lines.length, maxHeaderLines); index++) {
    const line = lines[index] ?? ''
    if (!line.startsWith('--')) break
    const more = /^--\s{2,}(\S.*)$/.exec(line)
    const pair = /^-- ([a-z][a-z ]*):(.*)$/.exec(line)
    const key = [...keys, ...otherKeys].find((one) => one === pair?.[1])
    if (more?.[1] && current) current.text = `${current.text} ${more[1].trim()}`.trim()
    else if (key && pair) {
      if (values.has(key)) refuse(index + 1, `${key}: stands twice`)
      current = { line: index + 1, text: (pair[2] ?? '').trim() }
      values.set(key, current)
    } else refuse(index + 1, `${JSON.stringify(line.slice(0, 60))} is no header line; expected "-- key: value"`)
  }
  const sql = lines.slice(index).join('\n').trim().replace(/;$/, '').trimEnd()
  return { values, sql, sqlLine: index + 1 }
}

function parseRelease(said: string): { readonly osquery?: string } | string {
  return /^\d{1,3}(\.\d{1,3}){2}$/.test(said) ? { osquery: said } : `"${said}"; expected a release such as 5.23.0`
}

function parsePlatforms(said: string): readonly Platform[] | string {
  const words = said.split(/\s*,\s*/)
  const known = platforms.filter((one) => words.includes(one))
  const wrong = words.find((word) => !platforms.some((one) => one === word))
  return wrong === undefined ? known : `"${wrong}"; expected some of ${platforms.join(', ')}`
}

function parseSchedule(said: string): QuerySchedule | string {
  const every = /^every (\d{1,6}) s$/.exec(said)
  if (every) {
    const everySeconds = Number(every[1])
    return everySeconds >= 1 && everySeconds <= maxInterval
      ? { everySeconds }
      : `${everySeconds} s; expected 1 to ${maxInterval}`
  }
  const cron = /^cron (\S+(?: \S+){4,5})$/.exec(said)
  return cron?.[1] ? { cron: cron[1] } : `"${said}"; expected "every N s" or "cron" and an expression`
}

function oneOf(words: readonly QueryMode[], said: string): { mode: QueryMode } | string {
  const mode = words.find((word) => word === said)
  return mode === undefined ? `"${said}"; expected ${words.join(', ')}` : { mode }
}

function oneOfLevels(said: string): { level: Level } | string {
  const level = levels.find((word) => word === said)
  return level === undefined ? `"${said}"; expected ${levels.join(', ')}` : { level }
}

function parseReferences(said: string): readonly string[] | string {
  const found = said.split(/\s*,\s+|\s+/)
  const wrong = found.find((one) => !/^https:\/\/\S+$/.test(one))
  return wrong === undefined ? found : `"${wrong}"; expected addresses that begin with https://`
}

function parseBudget(said: string): HuntingQuery['budget'] | string {
  const found = /^(\d{1,7}) rows?, (\d{1,4}) s$/.exec(said)
  const [rows, seconds] = [Number(found?.[1]), Number(found?.[2])]
  return rows >= 1 && seconds >= 1 ? { rows, seconds } : `"${said}"; expected "N rows, N s", both 1 or more`
}

function parseAttack(said: string): readonly string[] | string {
  const found = said === 'none' ? [] : said.split(/\s*,\s*/)
  const wrong = found.find((one) => !/^T\d{4}(\.\d{3})?$/.test(one))
  return wrong === undefined ? found : `"${wrong}"; expected techniques like T1195.002, or "none"`
}
