/**
 * `threecx daemon`: asks the hunting queries on schedule and delivers what changed; and what one asks of a running one.
 *
 * Each action is one function in `actions`; without a word the daemon itself runs. Everything it does is in `daemon/`.
 */
import { join, resolve } from 'node:path'
import type { DaemonStanding } from '../../daemon/operations/standing.ts'
import { HunterError } from '../../extension/domain/errors.ts'
import { isExecutable } from '../../extension/runtime/resources.ts'
import { defineCommand, type Terminal } from '../command.ts'
import { commonOptions, type OptionValues } from '../options.ts'
import { writeTo } from '../output/destination.ts'
import { printable } from '../output/printable.ts'

const options = {
  config: {
    kind: 'text',
    value: 'FILE',
    env: 'THREECX_DAEMON_CONFIG',
    doc: 'Configuration, YAML or JSON; default: none, which prints to stdout',
  },
  state: { kind: 'text', value: 'DIR', doc: 'Private directory for spool and state (or THREECX_DAEMON_STATE)' },
  engine: {
    kind: 'text',
    value: 'E',
    choices: ['auto', 'osquery', 'embedded'],
    doc: 'Who answers the queries (or THREECX_DAEMON_ENGINE)',
  },
  socket: { kind: 'text', value: 'PATH', doc: "osquery's extension socket (or THREECX_DAEMON_SOCKET)" },
  listen: {
    kind: 'text',
    value: 'HOST:PORT',
    doc: 'Where health and metrics answer, or off (or THREECX_DAEMON_LISTEN)',
  },
  'log-level': {
    kind: 'text',
    value: 'L',
    choices: ['silent', 'error', 'warn', 'info', 'debug'],
    doc: 'Its own log, on stderr (or THREECX_DAEMON_LOG_LEVEL)',
  },
  'print-config': { kind: 'flag', doc: 'Print every setting and where it came from, then end' },
  'check-config': { kind: 'flag', doc: 'Check configuration and packs, then end' },
  from: { kind: 'text', value: 'N', doc: 'verify: the first sequence that is expected' },
  json: { kind: 'flag', doc: 'status, verify: as JSON' },
  ...commonOptions,
} as const

type Options = OptionValues<typeof options>

type Action = (terminal: Terminal, options: Options, args: readonly string[]) => Promise<number>

/** What the daemon starts for its embedded engine; nobody else does. */
const engineAction = 'engine'

const actions: Readonly<Record<string, Action>> = {
  status: runStatus,
  verify: runVerify,
  'dead-letters': runDeadLetters,
  service: runService,
}

/** The command. */
export const daemon = defineCommand({
  name: 'daemon',
  summary: 'ask the hunting queries on schedule, deliver what changed; status and verify',
  usage: '[--config FILE] | status | verify RECEIVED.log... | dead-letters [SINK] | service systemd|launchd|windows',
  description: `
Without a word it runs until it is stopped: the queries of the packs when they are due, the difference to the last
result in osquery's own format, and every line to every sink at least once, through crashes and dead receivers. With no
configuration it runs the pack threecx-hunt on this machine and prints to stdout. SIGHUP reads the configuration again; one
that cannot be used is refused, and the one before stays in force.

status        how a running daemon is doing: queries, sinks, what waits, what was dropped. Exit code 14 when none answers.
verify        reads received logs (plain, .gz, .zst) and names gaps, repeats and changed lines. Exit code 15 for gaps or changes.
dead-letters  events that a sink refused for good, as JSON lines. Reads the state directory; the daemon must be stopped.
service       prints a service definition for systemd, launchd or Windows' task scheduler.`,
  options,
  examples: [
    ['threecx daemon', 'the shipped hunt on this machine, lines on stdout'],
    ['threecx daemon --config examples/daemon.yaml', 'a file of your own'],
    ['threecx daemon --config daemon.yaml --print-config', 'what is in force, and why'],
    ['threecx daemon status', 'how it is doing'],
    ['threecx daemon verify /var/log/received/*.log', 'whether everything arrived'],
    ['threecx daemon service systemd --config /etc/threecx-hunter/daemon.yaml', 'a hardened unit'],
  ],
  async run(terminal, options: Options, args) {
    const [name, ...rest] = args
    if (name === undefined) return await runDaemon(terminal, options)
    if (name === engineAction) return await runEngine(terminal)
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined
    if (action) return await action(terminal, options, rest)
    throw new HunterError('usage', `daemon knows ${Object.keys(actions).join(', ')}, not ${JSON.stringify(name)}`)
  },
})

async function runDaemon(terminal: Terminal, options: Options): Promise<number> {
  const { runDaemonProcess } = await import('../../daemon/main.ts')
  return await runDaemonProcess({
    ...(options.config === undefined ? {} : { configPath: resolve(options.config) }),
    flags: flagsOf(terminal, options),
    mode: options['print-config'] ? 'print' : options['check-config'] ? 'check' : 'run',
    env: terminal.env,
    stdout: terminal.stdout,
    engineCommand: [...programHere(), 'daemon', engineAction],
    stop: terminal.signal,
  })
}

async function runEngine({ env }: Terminal): Promise<never> {
  const { runEmbeddedProcess } = await import('../../daemon/embedded-process.ts')
  return await runEmbeddedProcess(env)
}

function flagsOf(_terminal: Terminal, options: Options): Readonly<Record<string, string | undefined>> {
  const { state, engine, socket, listen } = options
  return { state, engine, socket, listen, 'log-level': options.verbose ? 'debug' : options['log-level'] }
}

async function runStatus(terminal: Terminal, options: Options, args: readonly string[]): Promise<number> {
  noMore(args)
  const [{ askStatus }, { statusText }] = await Promise.all([
    import('../../daemon/operations/ask-status.ts'),
    import('../../daemon/operations/status-text.ts'),
  ])
  const listen = await listenAddress(terminal, options)
  const standing: DaemonStanding = await askStatus(listen, terminal.signal)
  const text = options.json ? `${JSON.stringify(standing)}\n` : statusText(standing, Date.now() / 1000)
  await writeTo(terminal.stdout, [text.split('\n').map(printable).join('\n')])
  return 0
}

/** Where the daemon of this configuration listens. */
async function listenAddress(terminal: Terminal, options: Options): Promise<string> {
  const [{ readDaemonConfiguration }, { overridesFrom }] = await Promise.all([
    import('../../daemon/configuration/read-configuration.ts'),
    import('../../daemon/configuration/settings.ts'),
  ])
  const overrides = overridesFrom(flagsOf(terminal, options), terminal.env)
  return readDaemonConfiguration(options.config, overrides).configuration.listen
}

async function runVerify(terminal: Terminal, options: Options, args: readonly string[]): Promise<number> {
  const { runVerification } = await import('../../daemon/verify-files.ts')
  if (args.length === 0) throw new HunterError('usage', 'verify needs at least one received log')
  const from = options.from
  if (from !== undefined && !/^\d{1,15}$/.test(from)) {
    throw new HunterError('usage', `--from is ${JSON.stringify(from)}; expected a sequence`)
  }
  const { text, isWhole } = await runVerification(args, {
    isJson: options.json,
    ...(from === undefined ? {} : { from: Number(from) }),
    signal: terminal.signal,
  })
  await writeTo(terminal.stdout, [text])
  if (isWhole) return 0
  throw new HunterError('delivery_incomplete', `${args.join(', ')}: not every line arrived as it left`)
}

async function runDeadLetters(terminal: Terminal, options: Options, args: readonly string[]): Promise<number> {
  const [sink, ...more] = args
  noMore(more)
  const { deadLetterLines } = await import('../../daemon/dead-letters.ts')
  await writeTo(terminal.stdout, deadLetterLines(flagsOf(terminal, options), options.config, terminal.env, sink))
  return 0
}

async function runService(terminal: Terminal, options: Options, args: readonly string[]): Promise<number> {
  const [manager, ...more] = args
  noMore(more)
  const [{ serviceDefinition, serviceManagers }, { stateDirectory }] = await Promise.all([
    import('../../daemon/service/service-definition.ts'),
    import('../../daemon/state-directory.ts'),
  ])
  const known = serviceManagers.find((one) => one === manager)
  if (!known) {
    throw new HunterError('usage', `service needs ${serviceManagers.join(', ')}, not ${JSON.stringify(manager ?? '')}`)
  }
  const config = options.config === undefined ? [] : ['--config', resolve(options.config)]
  const command = [...programHere(), 'daemon', ...config]
  const stateDir = stateDirectory(options.state, terminal.env).parent
  await writeTo(terminal.stdout, [serviceDefinition(known, { command, stateDir })])
  return 0
}

/** This program as a command. */
function programHere(): string[] {
  if (isExecutable) return [process.execPath]
  return [process.execPath, join(import.meta.dirname, '..', 'threecx.mjs')]
}

function noMore(args: readonly string[]): void {
  if (args.length > 0) throw new HunterError('usage', `unexpected argument ${JSON.stringify(args[0])}`)
}
