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
import { isPresent, register, unregister } from '../../extension/deployment/register.ts'
import { restartLater } from '../../extension/deployment/restart.ts'
import { argument } from '../../extension/deployment/rule.ts'
import { type Status, statusOf } from '../../extension/deployment/status.ts'
import { errorCodes, HunterError } from '../../extension/domain/errors.ts'
import { defineCommand, type Terminal } from '../command.ts'
import { deploymentOptions, factsHere, hostChoices, layoutHere } from '../deployment.ts'
import { commonOptions, type OptionValues } from '../options.ts'
import { writeTo } from '../output/destination.ts'
import { type Format, formats, render } from '../output/format.ts'
import { printable } from '../output/printable.ts'

const everyHost = 'all'

const options = {
  for: {
    kind: 'text',
    value: 'WHOSE',
    choices: [...hostChoices, everyHost],
    default: 'osquery',
    doc: "Whose osqueryd loads it: the plain package's, that of Fleet's orbit, or all that this machine has",
  },
  directory: { kind: 'text', value: 'DIR', doc: 'Where the executable goes; default: one directory per platform' },
  restart: {
    kind: 'text',
    value: 'WHEN',
    choices: ['changed', 'always'],
    doc: 'Restart osqueryd or orbit seconds later, if it runs: when its load file changed, or always; default: never',
  },
  ...deploymentOptions,
  format: { kind: 'text', value: 'F', choices: formats, default: 'table', doc: 'status: how it is written' },
  ...commonOptions,
} as const

type Options = OptionValues<typeof options>

type Action = (terminal: Terminal, options: Options, args: readonly string[]) => Promise<number>

const actions: Readonly<Record<string, Action>> = {
  install: runInstall,
  uninstall: runUninstall,
  register: runRegister,
  unregister: runUnregister,
  status: runStatus,
}

/** The command. */
export const extension = defineCommand({
  name: 'extension',
  summary: 'run the osquery extension, install it, remove it, see how it stands',
  usage:
    '--socket PATH | install [FILE] | uninstall | register | unregister | status  [--for osquery|orbit|all] [--directory DIR]',
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
register   only names the file that lies in that directory already; unregister only takes the line away. For packages,
           which put the file there themselves. --for all does it for osquery and orbit, whichever this machine has.
status     whether it is installed and listed, and what threecx doctor finds. Exit code 20 when something is missing.

Run all but status as root or administrator. Running one twice changes nothing the second time. Files and directories
that somebody else can write to, and symbolic links, are refused. No service is restarted without --restart: the command
says how. With it, a process of its own restarts a few seconds later what runs then, so that a script of orbit may ask.`,
  options,
  examples: [
    ['sudo threecx extension --socket /var/osquery/osquery.em', 'the tables in an osquery that runs already'],
    [`sudo threecx extension install ./${extensionName}.ext`, 'for osqueryd of the plain package'],
    ['sudo threecx extension install --for orbit', "for Fleet's agent"],
    ['sudo threecx extension register --for all --restart changed', 'after osquery came to a machine with our package'],
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
  const [file] = args
  const act = (target: Target) => install(file === undefined ? executableHere(target) : resolve(file), target)
  if (change(terminal, options, act, nextSteps) > 0) return 0
  throw new HunterError('install_failed', `cannot install: ${nobodyHere}; install osquery first`)
}

async function runUninstall(terminal: Terminal, options: Options, args: readonly string[]): Promise<number> {
  return changeLine(terminal, options, args, uninstall)
}

async function runRegister(terminal: Terminal, options: Options, args: readonly string[]): Promise<number> {
  return changeLine(terminal, options, args, register)
}

async function runUnregister(terminal: Terminal, options: Options, args: readonly string[]): Promise<number> {
  return changeLine(terminal, options, args, unregister)
}

type Act = (target: Target) => readonly Step[]

/** What is left to a person, a line each. */
type Remainder = (target: Target, options: Options, isChanged: boolean) => readonly string[]

const nobodyHere = 'neither osquery nor orbit is on this machine'

function changeLine(terminal: Terminal, options: Options, args: readonly string[], act: Act): number {
  noMore(args)
  const remainder: Remainder = ({ layout }, { restart }, isChanged) =>
    isChanged && restart === undefined ? [`then: ${layout.restart}`] : []
  if (change(terminal, options, act, remainder) === 0) {
    terminal.stdout.write(`${nobodyHere}: nothing to change\n`)
  }
  return 0
}

/** Acts on every target and counts them. What one refuses does not keep the others from theirs; it is thrown at the end. */
function change(terminal: Terminal, options: Options, act: Act, remainder: Remainder): number {
  const targets = targetsOf(terminal, options)
  const refusals: HunterError[] = []
  for (const target of targets) {
    try {
      const steps = act(target)
      const isChanged = steps.some((step) => step.isChange)
      say(terminal, steps)
      if (options.restart === 'always' || (options.restart === 'changed' && isChanged)) {
        say(terminal, [restartLater(target.layout)])
      }
      terminal.stdout.write(printableLines(remainder(target, options, isChanged)))
    } catch (cause) {
      if (!(cause instanceof HunterError)) throw cause
      refusals.push(cause)
    }
  }
  const [first, ...more] = refusals
  if (first === undefined) return targets.length
  if (more.length === 0) throw first
  throw new HunterError(first.code, refusals.map((one) => one.message).join('; '), { cause: first })
}

async function runStatus(terminal: Terminal, options: Options, args: readonly string[]): Promise<number> {
  noMore(args)
  const targets = targetsOf(terminal, options)
  if (targets.length === 0) throw new HunterError('deployment_broken', nobodyHere)
  const found = await Promise.all(targets.map((target) => standing(terminal, options, target)))
  const rows = found.map(rowOf)
  await writeTo(terminal.stdout, render(options.format as Format, Object.keys(rows[0] ?? {}), rows, terminal.width))
  const broken = found.find((status) => !status.isSound)
  if (broken === undefined) return 0
  const told = broken.isInstalled ? argument(broken.program, targets[0]?.layout.platform ?? 'linux') : ''
  terminal.stderr.write(printableLines([`threecx doctor ${told} says what is wrong`.replace('  ', ' ')]))
  return errorCodes.deployment_broken.exit
}

async function standing(terminal: Terminal, options: Options, { layout, directory }: Target): Promise<Status> {
  const facts = await factsHere(layout, options, terminal.env, join(directory, layout.fileName))
  return statusOf(facts, examine(facts))
}

function rowOf(status: Status) {
  const yes = (claim: boolean) => (claim ? 'yes' : 'no')
  return {
    installed: yes(status.isInstalled),
    listed: yes(status.isListed),
    program: status.program,
    load_file: status.loadFile,
    failed: status.failed,
    warnings: status.warnings,
    not_checked: status.notChecked,
  }
}

/** Whom the options mean: one host, there or not, or every one that is there. */
function targetsOf(terminal: Terminal, options: Options): readonly Target[] {
  if (options.for !== everyHost) return [targetOf(terminal, options, options.for)]
  if (options['load-file'] !== undefined) {
    throw new HunterError('usage', '--for all means the own load file of each; expected no --load-file')
  }
  return hostChoices.map((host) => targetOf(terminal, options, host)).filter(({ layout }) => isPresent(layout))
}

function targetOf(terminal: Terminal, options: Options, host: string): Target {
  const layout = layoutHere(host, terminal.env)
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
  const whose = layout.host === 'osquery' ? '' : ` --osquery ${layout.host}`
  const elsewhere = isDefault ? '' : ` --load-file ${argument(loadFile, layout.platform)}`
  return [
    ...(layout.platform === 'windows'
      ? [`rights: icacls ${quoted} /grant Administrators:F SYSTEM:F /t, then icacls ${quoted} /inheritance:r /t`]
      : []),
    ...(isDefault ? [] : [`flag needed in ${layout.flagsFile}: --extensions_autoload=${loadFile}`]),
    `flags to consider in ${layout.flagsFile}: --extensions_timeout=10 and --extensions_require=${extensionName}`,
    ...(options.restart === undefined ? [`then: ${layout.restart}`] : []),
    `check: ${layout.platform === 'windows' ? '' : 'sudo '}threecx doctor${whose}${elsewhere}`,
  ]
}

function printableLines(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('')
}

function noMore(args: readonly string[]): void {
  if (args.length > 0) throw new HunterError('usage', `unexpected argument ${JSON.stringify(args[0])}`)
}
