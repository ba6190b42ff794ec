/**
 * `threecx indicators`: what is looked for, whether the files are sound, and other people's lists in our form.
 */
import { errorCodes, HunterError } from '../../extension/domain/errors.ts'
import {
  checkIndicators,
  fixFiles,
  type ImportFormat,
  type ImportReport,
  importFormats,
  loadBundledSets,
  openIndicatorPath,
  problemText,
  setText,
} from '../../extension/indicators/index.ts'
import { bundledRules } from '../../extension/rules/open-rules.ts'
import { defineCommand, type Terminal } from '../command.ts'
import { commonOptions, type OptionValues } from '../options.ts'
import { writeFileWhole, writeTo } from '../output/destination.ts'
import { type Format, formats, render } from '../output/format.ts'
import { printable } from '../output/printable.ts'

const options = {
  indicators: { kind: 'list', value: 'PATH', doc: 'list: show these sets beside the published ones' },
  type: { kind: 'text', value: 'TYPE', doc: 'list: only this type, such as sha256, domain, path, version' },
  format: { kind: 'text', value: 'F', choices: formats, default: 'table', doc: 'list: how rows are written' },
  fix: { kind: 'flag', doc: 'check: bring files into canonical form where no decision is needed' },
  from: {
    kind: 'text',
    value: 'FORMAT',
    choices: ['auto', ...importFormats],
    default: 'auto',
    doc: 'import: format of the list',
  },
  name: { kind: 'text', value: 'NAME', doc: 'import: name of the set; default: from the file name' },
  output: { kind: 'text', value: 'FILE', doc: 'import: write the set to FILE instead of stdout' },
  ...commonOptions,
} as const

type Options = OptionValues<typeof options>

/** The command. */
export const indicators = defineCommand({
  name: 'indicators',
  summary: 'list, check and import indicators of compromise',
  usage: 'list | check [DIR] | import FILE  [options]',
  description: `
list    shows every indicator in force with its origin.
check   examines a directory of sets (default: the published ones that come with threecx) and reports every
        problem with its place. Exit code 5 when there is one.
import  turns a list into a set of our own form: the Sophos CSV (Indicator,Data,Note), a plain list with one
        value per line, a STIX 2.1 bundle or a MISP event. Defanged values (hxxp, [.]) are refanged. What could
        not be carried over is reported on stderr with the reason.

A list need not be imported to be used: threecx hunt --indicators FILE takes every one of these formats.`,
  options,
  examples: [
    ['threecx indicators list --type domain --format csv', 'the C2 domains'],
    ['threecx indicators check', 'are the published sets sound?'],
    ['threecx indicators import 3cx-iocs.csv --output my-set.json', 'counts and what was left out on stderr'],
  ],
  async run(terminal, options: Options, args) {
    const [action, ...rest] = args
    switch (action) {
      case 'list':
        noMore(rest)
        return await list(terminal, options)
      case 'check':
        noMore(rest.slice(1))
        return check(terminal, options, rest[0])
      case 'import':
        noMore(rest.slice(1))
        return await importList(terminal, options, rest[0])
      default:
        throw new HunterError(
          'usage',
          `indicators needs list, check or import${action ? `, not ${JSON.stringify(action)}` : ''}`,
        )
    }
  },
})

function noMore(args: readonly string[]): void {
  if (args.length > 0) throw new HunterError('usage', `unexpected argument ${JSON.stringify(args[0])}`)
}

const listColumns = ['id', 'type', 'value', 'platform', 'component', 'stage', 'level', 'status', 'source']

async function list(terminal: Terminal, options: Options): Promise<number> {
  const bundled = [...loadBundledSets(), ...bundledRules().sets]
  const sets = [...bundled, ...options.indicators.flatMap((path) => openIndicatorPath(path).sets)]
  const rows = sets.flatMap((set) =>
    set.indicators
      .filter((one) => options.type === undefined || one.type === options.type)
      .map(({ id, type, value, platform = '', component, stage, level, status }) => {
        return { id, type, value, platform, component, stage, level, status, source: set.source.publisher }
      }),
  )
  await writeTo(terminal.stdout, render(options.format as Format, listColumns, rows, terminal.width))
  return 0
}

function check(terminal: Terminal, options: Options, directory: string | undefined): number {
  if (options.fix) {
    if (directory === undefined) throw new HunterError('usage', 'check --fix needs the directory to rewrite')
    for (const file of fixFiles(directory)) terminal.stdout.write(`rewrote ${printable(file)}\n`)
  }
  const { sets, indicators: count, problems } = checkIndicators(directory)
  for (const problem of problems) terminal.stdout.write(`${printable(problemText(problem))}\n`)
  const wrong = problems.length === 0 ? 'no problems' : `${problems.length} problems`
  terminal.stdout.write(`${sets} sets, ${count} indicators, ${wrong}\n`)
  return problems.length === 0 ? 0 : errorCodes.indicators_invalid.exit
}

async function importList(terminal: Terminal, options: Options, path: string | undefined): Promise<number> {
  if (path === undefined) throw new HunterError('usage', 'import needs the file to import')
  const { sets, files } = openIndicatorPath(path, {
    ...(options.from === 'auto' ? {} : { format: options.from as ImportFormat }), // checked against choices
    ...(options.name === undefined ? {} : { name: options.name }),
  })
  for (const { file, report } of files) terminal.stderr.write(reportText(file, report))
  if (sets.length > 1 && options.output !== undefined) {
    throw new HunterError('usage', `${path} holds ${sets.length} lists; import them one at a time with --output`)
  }
  async function* pieces(): AsyncGenerator<string, void, undefined> {
    for (const set of sets) yield setText(set)
  }
  if (options.output === undefined) await writeTo(terminal.stdout, pieces())
  else await writeFileWhole(options.output, pieces())
  return 0
}

function reportText(file: string, report: ImportReport): string {
  const types = Object.entries(report.byType).map(([type, count]) => `${count} ${type}`)
  const lines = [
    `${printable(file)}: ${report.format}, ${report.read} read, ${report.imported} imported (${types.join(', ') || 'none'}), ${report.skipped.length} not carried over`,
    ...report.skipped.map((line) => `  not carried over: ${lineText(line)}`),
    ...report.remarks.map((line) => `  remark: ${lineText(line)}`),
  ]
  if (report.omitted > 0) lines.push(`  and ${report.omitted} more lines`)
  return `${lines.join('\n')}\n`
}

function lineText(line: { readonly place: string; readonly value: string; readonly reason: string }): string {
  return printable(`${line.place}: ${line.value}: ${line.reason}`)
}
