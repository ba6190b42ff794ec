/**
 * `threecx extension`: puts the extension where osquery loads it, takes it away, and says how it stands.
 *
 * Each action is one function in `actions`. Flags alone run the extension itself, as osquery starts it: its flags are
 * osquery's, so they are not checked here.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isSea } from 'node:sea'
import { examine } from '../../extension/deployment/examine.ts'
import { install, type Step, type Target, uninstall } from '../../extension/deployment/install.ts'
import { extensionName } from '../../extension/deployment/layout.ts'
import { argument } from '../../extension/deployment/rule.ts'
import { statusOf } from '../../extension/deployment/status.ts'
import { errorCodes, HunterError } from '../../extension/domain/errors.ts'
import { defineCommand, type Terminal } from '../command.ts'
import { deploymentOptions, factsHere, hostChoices, layoutHere } from '../deployment.ts'
import { commonOptions, type OptionValues } from '../options.ts'
import { writeTo } from '../output/destination.ts'
import { type Format, formats, render } from '../output/format.ts'
import { printable } from '../output/printable.ts'

const options = {
  for: {
    kind: 'text',
    value: 'WHOSE',
    choices: hostChoices,
    default: 'osquery',
    doc: "Whose osqueryd loads it: the plain package's, or that of Fleet's orbit",
  },
  directory: { kind: 'text', value: 'DIR', doc: 'Where the executable goes; default: one directory per platform' },
  ...deploymentOptions,
  format: { kind: 'text', value: 'F', choices: formats, default: 'table', doc: 'status: how it is written' },
  ...commonOptions,
} as const

type Options = OptionValues<typeof options>

type Action = (terminal: Terminal, options: Options, args: readonly string[]) => Promise<number>

const actions: Readonly<Record<string, Action>> = { install: runInstall, uninstall: runUninstall, status: runStatus }

/** The command. */
export const extension = defineCommand({
  name: 'extension',
  summary: 'run the osquery extension, install it, remove it, see how it stands',
  usage:
    '--socket PATH | install [FILE] | uninstall | status  [--for osquery|orbit] [--load-file FILE] [--directory DIR]',
  description: `
--socket PATH [--timeout S] [--interval S] [--verbose]
           runs the extension beside the osquery that listens at PATH, as threecx_hunter.ext does; it ends with Ctrl-C.
install    copies FILE to a directory of its own (/usr/local/lib/threecx-hunter on Linux, /opt/threecx-hunter on macOS,
           %ProgramFiles%\\threecx-hunter on Windows) and names it in the load file (/etc/osquery/extensions.load,
           /var/osquery/extensions.load, C:\\Program Files\\osquery\\extensions.load; with --for orbit
           /opt/orbit/extensions.load or C:\\Program Files\\Orbit\\extensions.load). Everything else in the load file stays
           byte for byte; an older path of ours is replaced. FILE is by default the single executable that runs this
           command, or else dist/${extensionName}.ext of a checkout.
uninstall  takes the line away, then the file. The state directory stays.
status     whether it is installed and listed, and what threecx doctor finds. Exit code 20 when something is missing.

Run install and uninstall as root or administrator. Running either twice changes nothing the second time. Files and
directories that somebody else can write to, and symbolic links, are refused. No service is restarted: the command
says how.`,
  options,
  examples: [
    ['sudo threecx extension --socket /var/osquery/osquery.em', 'the tables in an osquery that runs already'],
    [`sudo threecx extension install ./${extensionName}.ext`, 'for osqueryd of the plain package'],
    ['sudo threecx extension install --for orbit', "for Fleet's agent"],
    ['sudo threecx extension status', 'and what is wrong with it'],
    ['sudo threecx extension uninstall', 'as if it had never been there'],
  ],
  runAsIs(argv) {
    const [first = ''] = argv
    const isOurs = Object.keys(options).some((name) => first === `--${name}` || first.startsWith(`--${name}=`))
    if (!first.startsWith('-') || first === '-h' || (isOurs && !/^--(socket|verbose)/.test(first))) return undefined
    return import('../../extension/main.ts').then(({ runHunterExtension }) => runHunterExtension(argv))
  },
  async run(terminal, options: Options, args) {
    const [name, ...rest] = args
    const action = name !== undefined && Object.hasOwn(actions, name) ? actions[name] : undefined
    if (action) return await action(terminal, options, rest)
    const names = Object.keys(actions).join(', ')
    throw new HunterError(
      'usage',
      `extension needs ${names}${name === undefined ? '' : `, not ${JSON.stringify(name)}`}`,
    )
  },
})

async function runInstall(terminal: Terminal, options: Options, args: readonly string[]): Promise<number> {
  noMore(args.slice(1))
  const target = targetOf(terminal, options)
  const [file] = args
  say(terminal, install(file === undefined ? executableHere(target) : resolve(file), target))
  terminal.stdout.write(printableLines(nextSteps(target, options)))
  return 0
}

async function runUninstall(terminal: Terminal, options: Options, args: readonly string[]): Promise<number> {
  noMore(args)
  const target = targetOf(terminal, options)
  const steps = uninstall(target)
  say(terminal, steps)
  if (steps.some((step) => step.isChange)) terminal.stdout.write(printableLines([`then: ${target.layout.restart}`]))
  return 0
}

async function runStatus(terminal: Terminal, options: Options, args: readonly string[]): Promise<number> {
  noMore(args)
  const { layout, directory } = targetOf(terminal, options)
  const facts = await factsHere(layout, options, terminal.env, join(directory, layout.fileName))
  const status = statusOf(facts, examine(facts))
  const yes = (claim: boolean) => (claim ? 'yes' : 'no')
  const row = {
    installed: yes(status.isInstalled),
    listed: yes(status.isListed),
    program: status.program,
    load_file: status.loadFile,
    failed: status.failed,
    warnings: status.warnings,
    not_checked: status.notChecked,
  }
  await writeTo(terminal.stdout, render(options.format as Format, Object.keys(row), [row], terminal.width))
  if (status.isSound) return 0
  const told = status.isInstalled ? argument(status.program, layout.platform) : ''
  terminal.stderr.write(printableLines([`threecx doctor ${told} says what is wrong`.replace('  ', ' ')]))
  return errorCodes.deployment_broken.exit
}

function targetOf(terminal: Terminal, options: Options): Target {
  const layout = layoutHere(options.for, terminal.env)
  return {
    layout,
    directory: resolve(options.directory ?? layout.directory),
    loadFile: resolve(options['load-file'] ?? layout.loadFile),
  }
}

/** What to install when nobody says: ourselves, when we are one file, or what the build left. */
function executableHere({ layout }: Target): string {
  if (isSea()) return process.execPath
  const built = join(import.meta.dirname, '..', '..', 'dist', layout.fileName)
  if (existsSync(built)) return built
  throw new HunterError(
    'usage',
    `install needs the file to install: this is no single executable, and there is no ${built}`,
  )
}

function say(terminal: Terminal, steps: readonly Step[]): void {
  terminal.stdout.write(printableLines(steps.map((step) => step.text)))
}

/** What is left to a person: flags, rights on Windows, a restart, a look. */
function nextSteps({ layout, directory, loadFile }: Target, options: Options): string[] {
  const isDefault = loadFile === resolve(layout.loadFile)
  const quoted = argument(directory, layout.platform)
  const whose = options.for === 'osquery' ? '' : ` --osquery ${options.for}`
  const elsewhere = isDefault ? '' : ` --load-file ${argument(loadFile, layout.platform)}`
  return [
    ...(layout.platform === 'windows'
      ? [`rights: icacls ${quoted} /grant Administrators:F SYSTEM:F /t, then icacls ${quoted} /inheritance:r /t`]
      : []),
    ...(isDefault ? [] : [`flag needed in ${layout.flagsFile}: --extensions_autoload=${loadFile}`]),
    `flags to consider in ${layout.flagsFile}: --extensions_timeout=10 and --extensions_require=${extensionName}`,
    `then: ${layout.restart}`,
    `check: ${layout.platform === 'windows' ? '' : 'sudo '}threecx doctor${whose}${elsewhere}`,
  ]
}

function printableLines(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('')
}

function noMore(args: readonly string[]): void {
  if (args.length > 0) throw new HunterError('usage', `unexpected argument ${JSON.stringify(args[0])}`)
}
