/**
 * `threecx packs`: the hunting queries, in every form that somebody runs them in.
 */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readCron } from '../../daemon/schedule/cron.ts'
import { errorCodes, HunterError } from '../../extension/domain/errors.ts'
import type { PackProblem } from '../../extension/domain/hunting-query.ts'
import { checkPacks } from '../../extension/packs/check-packs.ts'
import { type LoadedPacks, loadPackFolder, mergePacks, shippedPacks } from '../../extension/packs/load-packs.ts'
import { renderers, withColumns } from '../../extension/packs/renderers/index.ts'
import { isFinding } from '../../extension/packs/renderers/renderer.ts'
import { runPacks } from '../../extension/packs/run-packs.ts'
import { defineCommand, type Terminal } from '../command.ts'
import { commonOptions, huntOptions, type OptionValues } from '../options.ts'
import { writeFileWhole, writeTo } from '../output/destination.ts'
import { type Format, formats, jsonObject, render } from '../output/format.ts'
import { printable } from '../output/printable.ts'
import { openAnswerer } from '../pack-answerers.ts'

const targets = renderers.map(({ target }) => target)

const options = {
  target: { kind: 'text', value: 'T', choices: targets, doc: 'build: for whom' },
  out: { kind: 'text', value: 'DIR', doc: 'build: where files go; those of the same name are replaced, others stay' },
  socket: { kind: 'text', value: 'PATH', doc: 'run: ask the osquery that listens here' },
  format: { kind: 'text', value: 'F', choices: formats, default: 'table', doc: 'list, run: how rows are written' },
  ...huntOptions,
  ...commonOptions,
} as const

type Options = OptionValues<typeof options>

type Action = (terminal: Terminal, options: Options, loaded: LoadedPacks) => Promise<number>

const actions: Readonly<Record<string, Action>> = { list, check, build, run }

/** The command. */
export const packs = defineCommand({
  name: 'packs',
  summary: 'list, check and run the hunting queries, and render them for osquery, Fleet, Kolide and Elastic',
  usage:
    'list [PACK]... | check [PACK]... | build --target T --out DIR [PACK]... | run [PACK]... [--root DIR | --socket PATH]',
  description: `
list    shows every query with its pack, level and schedule.
check   prepares every statement on each platform that its header names, against our tables and osquery's own as specified,
        and reports every problem with file and line. Exit code ${errorCodes.packs_invalid.exit} when there is one.
build   writes the packs in the form of a target:
${renderers.map(({ target, description }) => `          ${target.padEnd(15)} ${description}`).join('\n')}

run     asks every query once, over the embedded engine (this machine, or --root DIR) or over the osquery that listens at
        --socket PATH, and shows each row that is not accepted. Rows and seconds are held to the budget of the header.
        Rows named in <query>.known.json beside the query are accepted and counted. Without --socket, osquery's own tables
        are answered as far as files tell them; what only a running osquery knows is told on stderr. Exit code 1 when a hunting query found something, ${errorCodes.sql_failed.exit} when one failed, ${errorCodes.packs_invalid.exit} when one went over its budget.

PACK is the name of a pack that ships, or a folder of your own with pack.json and one .sql per query. Default: all that
ship.`,
  options,
  examples: [
    ['threecx packs list', 'what there is'],
    ['threecx packs check my-pack/', 'can mine run?'],
    ['threecx packs run threecx-hunt --root /mnt/image', 'one row per finding in a mounted image'],
    ['sudo threecx packs run --socket /var/osquery/osquery.em', 'everything, over an osquery that runs'],
    ['threecx packs build --target fleet --out gitops/threecx', 'reports, policies and a label for Fleet'],
    ['threecx packs build --target osquery --out /etc/osquery/packs threecx-hunt', 'one pack for osqueryd'],
  ],
  async run(terminal, options: Options, [name, ...args]) {
    const action = name !== undefined && Object.hasOwn(actions, name) ? actions[name] : undefined
    if (!action) {
      const said = name === undefined ? '' : `, not ${JSON.stringify(name)}`
      throw new HunterError('usage', `packs needs ${Object.keys(actions).join(', ')}${said}`)
    }
    return await action(terminal, options, choose(args))
  },
})

/** Packs by name or folder; all that ship when none is named. */
function choose(names: readonly string[]): LoadedPacks {
  const shipped = shippedPacks()
  if (names.length === 0) return shipped
  return mergePacks(
    names.map((name) => {
      const packs = shipped.packs.filter((pack) => pack.name === name)
      return packs.length > 0 ? { ...shipped, packs } : loadPackFolder(name)
    }),
  )
}

/** A pack that cannot be read whole is not listed, rendered or run in part. */
function sound(loaded: LoadedPacks): LoadedPacks {
  const [problem] = loaded.problems
  if (problem) throw new HunterError('packs_invalid', problemText(problem))
  return loaded
}

function problemText({ file, line, message }: PackProblem): string {
  return printable(`${file}:${line}: ${message}`)
}

const listColumns = ['pack', 'query', 'level', 'platforms', 'schedule', 'mode', 'title']

async function list({ stdout, width }: Terminal, options: Options, loaded: LoadedPacks): Promise<number> {
  const rows = sound(loaded).packs.flatMap(({ queries }) =>
    queries.map(({ pack, name, level, platforms, schedule, mode, title }) => ({
      pack,
      query: name,
      level,
      platforms: platforms.join(','),
      schedule: 'cron' in schedule ? `cron ${schedule.cron}` : `every ${schedule.everySeconds} s`,
      mode,
      title,
    })),
  )
  await writeTo(stdout, render(options.format as Format, listColumns, rows, width))
  return 0
}

function cronProblem(expression: string): string | undefined {
  try {
    readCron(expression)
    return undefined
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

async function check({ stdout }: Terminal, _options: Options, loaded: LoadedPacks): Promise<number> {
  const problems = await checkPacks(loaded, cronProblem)
  for (const problem of problems) stdout.write(`${problemText(problem)}\n`)
  const count = loaded.packs.reduce((sum, { queries }) => sum + queries.length, 0)
  const wrong =
    problems.length === 0 ? 'no problems' : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`
  stdout.write(`${loaded.packs.length} packs, ${count} queries, ${wrong}\n`)
  return problems.length === 0 ? 0 : errorCodes.packs_invalid.exit
}

const runColumns = ['pack', 'query', 'outcome', 'level', 'seconds', 'known', 'message', 'row']

async function run(terminal: Terminal, options: Options, loaded: LoadedPacks): Promise<number> {
  const found = { asked: 0, findings: 0, failed: 0, over: 0 }
  const { answerer, platform, isComplete, close } = await openAnswerer(terminal, options, sound(loaded))
  try {
    const rows = async function* () {
      for await (const { query, outcome, rows, known, seconds, message = '' } of runPacks(
        loaded,
        answerer,
        platform,
        terminal.signal,
      )) {
        if (outcome !== 'skipped') found.asked++
        if (outcome === 'failed') found.failed++
        if (outcome === 'over_budget') found.over++
        if (isFinding(query)) found.findings += rows.length
        const { pack, name, level } = query
        const shared = { pack, query: name, outcome, level, seconds, known, message }
        if (rows.length === 0) yield { ...shared, row: '' }
        for (const row of rows) yield { ...shared, row: jsonObject(Object.keys(row), row) }
      }
    }
    await writeTo(terminal.stdout, render(options.format as Format, runColumns, rows(), terminal.width))
    if (found.asked === 0) throw new HunterError('usage', 'no query of these packs can be asked here; see message')
    if (found.findings > 0) return 1
    if (found.failed > 0) return errorCodes.sql_failed.exit
    if (found.over > 0) return errorCodes.packs_invalid.exit
    return (await isComplete()) ? 0 : errorCodes.scan_incomplete.exit
  } finally {
    await close()
  }
}

async function build({ stdout }: Terminal, options: Options, loaded: LoadedPacks): Promise<number> {
  const { target, out } = options
  const renderer = renderers.find((one) => one.target === target)
  if (!renderer || out === undefined) throw new HunterError('usage', 'packs build needs --target and --out')
  const files = renderer.render(await withColumns(sound(loaded).packs))
  for (const { path, text } of files) {
    const place = join(out, ...path.split('/'))
    makeFolder(dirname(place))
    await writeFileWhole(place, once(text))
    stdout.write(`${printable(place)}\n`)
  }
  return 0
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
  } catch (cause) {
    throw new HunterError('output_failed', `cannot make ${path}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}

async function* once(text: string): AsyncGenerator<string, void, undefined> {
  yield text
}
