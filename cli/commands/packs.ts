/**
 * `threecx packs`: the hunting queries, in every form that somebody runs them in.
 */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { HunterError } from '../../extension/domain/errors.ts'
import type { HuntingPack } from '../../extension/domain/hunting-query.ts'
import { loadPackFolder, shippedPacks } from '../../extension/packs/load-packs.ts'
import { renderers, withColumns } from '../../extension/packs/renderers/index.ts'
import { defineCommand, type Terminal } from '../command.ts'
import { commonOptions, type OptionValues } from '../options.ts'
import { writeFileWhole, writeTo } from '../output/destination.ts'
import { type Format, formats, render } from '../output/format.ts'
import { printable } from '../output/printable.ts'

const targets = renderers.map(({ target }) => target)

const options = {
  target: { kind: 'text', value: 'T', choices: targets, doc: 'build: for whom' },
  out: { kind: 'text', value: 'DIR', doc: 'build: where files go; those of the same name are replaced, others stay' },
  format: { kind: 'text', value: 'F', choices: formats, default: 'table', doc: 'list: how rows are written' },
  ...commonOptions,
} as const

type Options = OptionValues<typeof options>

type Action = (terminal: Terminal, options: Options, packs: readonly HuntingPack[]) => Promise<number>

const actions: Readonly<Record<string, Action>> = { list, build }

/** The command. */
export const packs = defineCommand({
  name: 'packs',
  summary: 'list the hunting queries, and render them for osquery, Fleet, Kolide and Elastic',
  usage: 'list [PACK]... | build --target T --out DIR [PACK]...',
  description: `
list    shows every query with its pack, level and schedule.
build   writes the packs in the form of a target:
${renderers.map(({ target, description }) => `          ${target.padEnd(15)} ${description}`).join('\n')}

PACK is the name of a pack that ships, or a folder of your own with pack.json and one .sql per query. Default: all that
ship.`,
  options,
  examples: [
    ['threecx packs list', 'what there is'],
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

/** Packs by name or folder. A problem in one that was asked for ends the command. */
function choose(names: readonly string[]): readonly HuntingPack[] {
  const shipped = shippedPacks()
  const chosen = names.map((name) => {
    const known = shipped.packs.find((pack) => pack.name === name)
    return known ? { packs: [known], problems: [] } : loadPackFolder(name)
  })
  const loaded = names.length === 0 ? [shipped] : chosen
  const [problem] = loaded.flatMap(({ problems }) => problems)
  if (problem) throw new HunterError('usage', `${problem.file}:${problem.line}: ${problem.message}`)
  return loaded.flatMap(({ packs }) => packs)
}

const listColumns = ['pack', 'query', 'level', 'platforms', 'schedule', 'mode', 'title']

async function list({ stdout, width }: Terminal, options: Options, packs: readonly HuntingPack[]): Promise<number> {
  const rows = packs.flatMap(({ queries }) =>
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

async function build({ stdout }: Terminal, options: Options, packs: readonly HuntingPack[]): Promise<number> {
  const { target, out } = options
  const renderer = renderers.find((one) => one.target === target)
  if (!renderer || out === undefined) throw new HunterError('usage', 'packs build needs --target and --out')
  const files = renderer.render(await withColumns(packs))
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
