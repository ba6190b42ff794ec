/**
 * The daemon as a process: what `threecx daemon` runs, from arguments to an exit code.
 */
import { watchFile } from 'node:fs'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { HunterError } from '../extension/domain/errors.ts'
import { openLog } from '../extension/runtime/log.ts'
import packageFile from '../package.json' with { type: 'json' }
import { printConfiguration } from './configuration/print.ts'
import { type ReadConfiguration, readDaemonConfiguration } from './configuration/read-configuration.ts'
import { overridesFrom } from './configuration/settings.ts'
import { milliseconds } from './configuration/units.ts'
import { Daemon } from './daemon.ts'
import { openNotifier } from './operations/notify.ts'
import { loadSchedule } from './schedule-loading.ts'

/** What the command line says. */
export interface DaemonInvocation {
  readonly configPath?: string
  readonly flags: Readonly<Record<string, string | undefined>>
  /** `run`, or only `print` or `check` the configuration. */
  readonly mode: 'run' | 'print' | 'check'
  readonly env: NodeJS.ProcessEnv
  readonly stdout: Writable
  /** Program and arguments that serve the embedded engine. */
  readonly engineCommand: readonly string[]
  /** Aborted when the daemon is to stop. */
  readonly stop: AbortSignal
}

/** Milliseconds between two looks at the configuration file. */
const lookMs = 5_000

/** Runs to an exit code. */
export async function runDaemonProcess(invocation: DaemonInvocation): Promise<number> {
  const { configPath, flags, mode, env, stdout } = invocation
  const overrides = overridesFrom(flags, env)
  const read = () => readDaemonConfiguration(configPath, overrides)
  const first = read()
  if (mode === 'print') {
    stdout.write(printConfiguration(first, overrides))
    return 0
  }
  if (mode === 'check') return check(invocation, first)
  return await run(invocation, first, read)
}

/** Everything that would be in force, and what would not. */
function check({ configPath, stdout }: DaemonInvocation, { configuration }: ReadConfiguration): number {
  const { queries, problems } = loadSchedule(configuration, baseOf(configPath), configPath ?? 'configuration')
  stdout.write(`configuration: good; ${queries.length} queries, ${configuration.sinks.length} sinks\n`)
  if (problems.length === 0) return 0
  throw new HunterError('configuration_invalid', problems.join('; '))
}

/** Where relative paths of a configuration start. */
function baseOf(configPath: string | undefined): string {
  return configPath === undefined ? process.cwd() : dirname(configPath)
}

async function run(
  { configPath, env, engineCommand, stop }: DaemonInvocation,
  { configuration }: ReadConfiguration,
  read: () => ReadConfiguration,
): Promise<number> {
  const log = openLog(configuration.log_level)
  const notifier = openNotifier(env)
  const place = configPath ?? 'configuration'
  const starting = Daemon.start(configuration, {
    version: packageFile.version,
    base: baseOf(configPath),
    place,
    env,
    engineCommand,
    log,
  })
  const reload = async () => {
    const daemon = await starting
    notifier.tell('RELOADING=1')
    await daemon.reload(() => read().configuration)
    notifier.tell('READY=1')
  }
  const onHangup = () => void reload().catch(() => {}) // a start that failed is told below
  process.on('SIGHUP', onHangup)
  const daemon = await starting
  const watching =
    configPath === undefined ? undefined : watchFile(configPath, { interval: lookMs, persistent: false }, onHangup)
  const { watchdogMs } = notifier
  const alive = watchdogMs === undefined ? undefined : setInterval(() => notifier.tell('WATCHDOG=1'), watchdogMs)
  notifier.tell('READY=1')
  await aborted(stop)
  process.off('SIGHUP', onHangup)
  watching?.removeAllListeners('change')
  watching?.unref()
  clearInterval(alive)
  notifier.tell('STOPPING=1')
  await daemon.close(milliseconds(configuration.stop_deadline))
  log.info('stopped')
  return 0
}

/** Holds the process until the signal: nothing else in it does. */
async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const hold = setInterval(() => {}, 2 ** 31 - 1)
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
  clearInterval(hold)
}
