/**
 * Whether packs can run where their headers say: every problem of every file, with its line.
 *
 * Statements are prepared against our tables and osquery's as specified, once per platform. Nothing is run; what a query
 * finds is `threecx packs run`. Headers are checked while packs are loaded.
 */
import type { HuntingPack, HuntingQuery, PackProblem } from '../domain/hunting-query.ts'
import type { Platform } from '../domain/platform.ts'
import { tables as ourTables } from '../tables/index.ts'
import type { LoadedPacks, PackSource } from './load-packs.ts'
import { osquerySchema, osqueryTable } from './osquery-schema.ts'
import { openPreparer, type Preparer } from './prepare.ts'
import { tablesIn } from './statement-tables.ts'

/** `main` is osquery's schedule, `Global` and `team-...` are Fleet's, `rendered` is the folder beside the packs. */
const reservedPacks = /^(main|global|rendered|team-.*|fleet-.*)$/i
const packNames = /^[a-z0-9]+(-[a-z0-9]+)*$/
const columnNames = /^[a-z_][a-z0-9_]*$/

/** All problems, those of loading first. What cron expressions mean is the scheduler's, so it says what is wrong with one. */
export async function checkPacks(
  loaded: LoadedPacks,
  cronProblem: (expression: string) => string | undefined = () => undefined,
): Promise<readonly PackProblem[]> {
  const preparer = openPreparer(loaded.packs)
  try {
    const problems = [...loaded.problems, ...titleProblems(loaded), ...cronProblems(loaded, cronProblem)]
    for (const pack of loaded.packs) {
      const isEmpty = pack.queries.length === 0 && loaded.problems.length === 0 // those have a problem of their own
      problems.push(...(await packProblems(pack, sourceOf(loaded, pack), preparer, isEmpty)))
      for (const query of pack.queries) problems.push(...(await queryProblems(loaded, query, preparer)))
    }
    return problems
  } finally {
    await preparer.close()
  }
}

async function packProblems(pack: HuntingPack, { file, text }: PackSource, preparer: Preparer, isEmpty: boolean) {
  const problems: PackProblem[] = []
  const { name, discovery, queries } = pack
  if (!packNames.test(name))
    problems.push({ file, line: 1, message: `the pack is called "${name}"; expected kebab-case` })
  if (isEmpty) problems.push({ file, line: 1, message: 'there is no query beside it' })
  if (reservedPacks.test(name)) problems.push({ file, line: 1, message: `the name "${name}" is reserved` })
  for (const sql of discovery) {
    const line = lineWith(text, sql.slice(0, 40))
    for (const platform of new Set(queries.flatMap(({ platforms }) => platforms))) {
      const prepared = await preparer.prepare(sql, platform)
      if ('problem' in prepared)
        problems.push({ file, line, message: `discovery, on ${platform}: ${prepared.problem}` })
    }
  }
  return problems
}

async function queryProblems(loaded: LoadedPacks, query: HuntingQuery, preparer: Preparer): Promise<PackProblem[]> {
  const { file, text } = sourceOf(loaded, query)
  const failures = new Map<string, Platform[]>()
  let columns: readonly string[] = []
  for (const platform of query.platforms) {
    const prepared = await preparer.prepare(query.sql, platform)
    if ('columns' in prepared) columns = prepared.columns
    else failures.set(prepared.problem, [...(failures.get(prepared.problem) ?? []), platform])
  }
  const unprepared = [...failures].map(([problem, where]) => ({
    file,
    line: lineOfProblem(text, problem),
    message: `on ${where.join(', ')}: ${problem}${whereItIs(problem, tablesIn(query.sql))}`,
  }))
  if (unprepared.length > 0) return unprepared
  const line = sqlLine(text)
  const wrong = columns.find((column) => !columnNames.test(column))
  const named = loaded.known.get(query)?.flatMap((one) => Object.keys(one.columns)) ?? []
  const stray = named.find((column) => !columns.includes(column))
  return [
    ...(wrong === undefined
      ? []
      : [`a column is called ${JSON.stringify(wrong)}; give each a snake_case name of its own`]),
    ...(stray === undefined ? [] : [`accepted rows name ${JSON.stringify(stray)}, which is no column of the answer`]),
  ].map((message) => ({ file, line, message }))
}

function cronProblems(loaded: LoadedPacks, cronProblem: (expression: string) => string | undefined): PackProblem[] {
  return loaded.packs.flatMap(({ queries }) =>
    queries.flatMap((query) => {
      const message = 'cron' in query.schedule ? cronProblem(query.schedule.cron) : undefined
      const { file, text } = sourceOf(loaded, query)
      return message === undefined
        ? []
        : [{ file, line: lineWith(text, '-- schedule:'), message: `schedule: ${message}` }]
    }),
  )
}

/** A query is known by its title in Fleet: there names are of the whole fleet, and ASCII. */
function titleProblems({ packs, sources }: LoadedPacks): PackProblem[] {
  const seen = new Map<string, HuntingQuery>()
  return packs.flatMap(({ queries }) =>
    queries.flatMap((query) => {
      const twin = seen.get(query.title)
      seen.set(query.title, query)
      const [stranger] = query.title.match(/[^ -~]/u) ?? []
      const { file = '', text = '' } = sources.get(query) ?? {}
      return [
        ...(twin ? [`the title is that of ${twin.pack}/${twin.name} too; it names the query in Fleet`] : []),
        ...(stranger
          ? [`the title has ${JSON.stringify(stranger)}; it names the query in Fleet, which takes ASCII`]
          : []),
      ].map((message) => ({ file, line: lineWith(text, '-- title:'), message }))
    }),
  )
}

/** For a table or column that is not there: where osquery has it, or that it has none, as of which release. */
function whereItIs(problem: string, tables: readonly string[]): string {
  const { version } = osquerySchema()
  const missing = /no such table: (?:\w+\.)?(\w+)/.exec(problem)?.[1]
  if (missing !== undefined) {
    if (missing.startsWith('threecx_')) return `; ours are ${ourTables.map(({ name }) => name).join(', ')}`
    const table = osqueryTable(missing)
    return table ? `; osquery has it on ${table.platforms.join(', ')}` : `; osquery ${version} has none of that name`
  }
  const column = /no such column: (?:\w+\.)?(\w+)/.exec(problem)?.[1]?.toLowerCase()
  for (const name of tables) {
    const table = osqueryTable(name)
    const found = table?.columns.find((one) => one.name === column)
    if (!table || !found) continue
    // A former name is a view of all columns that SELECT * gives: what is hidden there is not in it.
    if (found.options.hidden && table.name !== name.toLowerCase())
      return `; osquery ${version} hides it in ${name}, a former name of ${table.name}`
    return `; osquery ${version} fills it on ${found.platforms.join(', ')} alone`
  }
  return column === undefined || tables.length === 0 ? '' : `; looked for in ${tables.join(', ')}`
}

function sourceOf({ sources }: LoadedPacks, of: HuntingQuery | HuntingPack): PackSource {
  return sources.get(of) ?? { file: of.name, text: '' }
}

function lineOfProblem(text: string, problem: string): number {
  const word = /no such (?:table|column|function): (?:\w+\.)?(\w+)|near "([^"]+)"|"([^"]+)" is read/.exec(problem)
  const lines = text.split('\n')
  const start = sqlLine(text) - 1
  const sought = word?.[1] ?? word?.[2] ?? word?.[3]
  const at = lines.findIndex((line, index) => {
    const words = wordsOf(line.replace(/--.*$/, ''))
    return index >= start && sought !== undefined && isNamed(words, sought.toLowerCase(), word?.[3] !== undefined)
  })
  return (at < 0 ? start : at) + 1
}

/** Whether a line has a word; a table, as opposed to its columns, has no dot behind it. */
function isNamed(words: readonly string[], sought: string, isTable: boolean): boolean {
  return words.some((word, at) => word === sought && !(isTable && words[at + 1] === '.'))
}

function wordsOf(code: string): string[] {
  return code.toLowerCase().match(/\w+|[^\w\s]/g) ?? []
}

/** The first line of the statement: behind the header and comments. */
function sqlLine(text: string): number {
  return (
    Math.max(
      text.split('\n').findIndex((line) => line.trim() !== '' && !line.startsWith('--')),
      0,
    ) + 1
  )
}

function lineWith(text: string, part: string): number {
  return (
    Math.max(
      text.split('\n').findIndex((line) => line.includes(part)),
      0,
    ) + 1
  )
}
