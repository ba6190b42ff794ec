/**
 * `threecx indicators`: what is looked for, whether the files are sound, other people's lists in our form, and signed
 * bundles that bring indicators to hosts (`../indicator-bundles.ts`).
 */

import { followBundle } from '../../extension/bundle-source.ts'
import { errorCodes, HunterError } from '../../extension/domain/errors.ts'
import { withBundle } from '../../extension/indicators/bundle/content.ts'
import { openBundledData } from '../../extension/indicators/checked-data.ts'
import {
  checkIndicators,
  fixFiles,
  type ImportFormat,
  type ImportReport,
  importFormats,
  openIndicatorPath,
  problemText,
  setText,
} from '../../extension/indicators/index.ts'
import { shippedRules } from '../../extension/rules/open-rules.ts'
import { systemClock } from '../../extension/runtime/clock.ts'
import { defineCommand, type Terminal } from '../command.ts'
import { bundleChoice } from '../hunting.ts'
import { bundleActions } from '../indicator-bundles.ts'
import { bundleOptions, commonOptions, type OptionValues } from '../options.ts'
import { writeFileWhole, writeTo } from '../output/destination.ts'
import { type Format, formats, render } from '../output/format.ts'
import { printable } from '../output/printable.ts'

const options = {
  indicators: { kind: 'list', value: 'PATH', doc: 'list: show these sets beside the published ones' },
  type: { kind: 'text', value: 'TYPE', doc: 'list: only this type, such as sha256, domain, path, version' },
  ...bundleOptions,
  state: { kind: 'text', value: 'DIR', env: 'THREECX_STATE', doc: 'State directory; bundles are installed in it' },
  format: {
    kind: 'text',
    value: 'F',
    choices: formats,
    default: 'table',
    doc: 'list, verify, status: how rows are written',
  },
  fix: { kind: 'flag', doc: 'check: bring files into canonical form where no decision is needed' },
  from: {
    kind: 'text',
    value: 'FORMAT',
    choices: ['auto', ...importFormats],
    default: 'auto',
    doc: 'import: format of the list',
  },
  name: {
    kind: 'text',
    value: 'NAME',
    doc: 'import: name of the set; default: from the file name. bundle build: name of the bundle; default: indicators',
  },
  output: {
    kind: 'text',
    value: 'FILE',
    doc: 'import: write the set to FILE instead of stdout. bundle build: the bundle',
  },
  out: { kind: 'text', value: 'PREFIX', doc: 'keygen: writes PREFIX.key and PREFIX.pub; existing files stay' },
  'bundle-version': { kind: 'text', value: 'N', doc: 'bundle build: a number above that of every earlier bundle' },
  key: { kind: 'list', value: 'KEY.key', doc: 'bundle build: private key that signs' },
  expires: { kind: 'text', value: 'DATE', doc: 'bundle build: when hosts cease to use it; default: never' },
  requires: { kind: 'text', value: 'X.Y.Z', doc: 'bundle build: least version of threecx-hunter that may use it' },
  'any-version': {
    kind: 'flag',
    doc: 'install: whatever the order of versions, an earlier rollback or a damaged record say',
  },
  ...commonOptions,
} as const

type Options = OptionValues<typeof options>

/** The command. */
export const indicators = defineCommand({
  name: 'indicators',
  summary: 'list, check and import indicators of compromise; sign, install and roll back bundles of them',
  usage:
    'list | check [DIR] | import FILE | keygen | bundle build DIR... | verify FILE | install FILE | rollback | status  [options]',
  description: `
list    shows every indicator in force with its origin.
check   examines a directory of sets (default: the published ones that come with threecx) and reports every
        problem with its place. Exit code 5 when there is one.
import  turns a list into a set of our own form: the Sophos CSV (Indicator,Data,Note), a plain list with one
        value per line, a STIX 2.1 bundle or a MISP event. Defanged values (hxxp, [.]) are refanged. What could
        not be carried over is reported on stderr with the reason.

A list need not be imported to be used: threecx hunt --indicators FILE takes every one of these formats.

Bundles bring indicators to hosts without a new program. One is a file with sets, YARA rules and places, a version, and
Ed25519 signatures, which are verified before anything in it is read. docs/indicator-updates.md tells the whole.

keygen        makes a key pair: PREFIX.key signs, PREFIX.pub is what hosts trust.
bundle build  signs what is in directories laid out as iocs/ of threecx: <campaign>/<set>.json, yara/*.yar, places.json.
verify        whether this host would use the bundle: signature, time, and everything in it. Changes nothing.
install       verifies and puts in force, whole or not at all, and keeps the two before. Older ones are refused. The
              extension and the daemon take it up within a minute; hunt, query and packs run with their next start.
rollback      goes back to the one before, or to what ships with threecx. What was rolled back is not installed again; a
              newer version is.
status        what is installed and in force, what is wrong with it, and which keys are trusted.`,
  options,
  examples: [
    ['threecx indicators list --type domain --format csv', 'the C2 domains'],
    ['threecx indicators check', 'are the published sets sound?'],
    ['threecx indicators import 3cx-iocs.csv --output my-set.json', 'counts and what was left out on stderr'],
    ['threecx indicators keygen --out acme', 'acme.key and acme.pub'],
    [
      'threecx indicators bundle build my-iocs/ --bundle-version 7 --key acme.key --output acme-7.bundle',
      'where the key is',
    ],
    ['threecx indicators verify acme-7.bundle --trust acme.pub', 'before it is sent out'],
    ['sudo threecx indicators install acme-7.bundle', 'on a host that trusts acme.pub'],
    ['sudo threecx indicators rollback', 'it was a mistake'],
  ],
  async run(terminal, options: Options, args) {
    const [action, ...rest] = args
    const onBundles = action !== undefined && Object.hasOwn(bundleActions, action) ? bundleActions[action] : undefined
    if (onBundles) return await onBundles(terminal, options, rest)
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
          `indicators needs list, check, import, ${Object.keys(bundleActions).join(', ')}${action ? `, not ${JSON.stringify(action)}` : ''}`,
        )
    }
  },
})

function noMore(args: readonly string[]): void {
  if (args.length > 0) throw new HunterError('usage', `unexpected argument ${JSON.stringify(args[0])}`)
}

const listColumns = ['id', 'type', 'value', 'platform', 'component', 'stage', 'level', 'status', 'source', 'bundle']

async function list(terminal: Terminal, options: Options): Promise<number> {
  const { bundles } = bundleChoice(options, terminal.env)
  const { bundle, status } = (await followBundle(bundles, systemClock)).choice
  for (const { message } of status.troubles) terminal.stderr.write(`${printable(message)}\n`)
  const shipped = await openBundledData()
  const { sets: inForce } = bundle === undefined ? shipped : withBundle(shipped, bundle.content)
  const sets = [
    ...inForce,
    ...shippedRules(bundle?.content).sets,
    ...options.indicators.flatMap((path) => openIndicatorPath(path).sets),
  ]
  const rows = sets.flatMap((set) =>
    set.indicators
      .filter((one) => options.type === undefined || one.type === options.type)
      .map(({ id, type, value, platform = '', component, stage, level, status }) => {
        const origin = set.origin?.kind === 'bundle' ? `${set.origin.name} ${set.origin.version}` : ''
        return {
          id,
          type,
          value,
          platform,
          component,
          stage,
          level,
          status,
          source: set.source.publisher,
          bundle: origin,
        }
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
