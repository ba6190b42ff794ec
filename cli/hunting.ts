/**
 * What the hunting commands share: from their options to an open catalogue, and closing it whatever happens.
 */
import { type Catalogue, type CatalogueSettings, openCatalogue } from '../extension/catalogue.ts'
import { openConfiguration } from '../extension/configuration/read-configuration.ts'
import { HunterError } from '../extension/domain/errors.ts'
import type { IndicatorSet } from '../extension/domain/indicator.ts'
import type { Platform } from '../extension/domain/platform.ts'
import { trustPaths } from '../extension/indicators/bundle/trust.ts'
import type { Pace, WalkPlan } from '../extension/native/engine.ts'
import { type Logger, openLog } from '../extension/runtime/log.ts'
import { defaultStateDir, openStateDir } from '../extension/runtime/state-dir.ts'
import type { Terminal } from './command.ts'
import { ruleProblemText } from './commands/rules.ts'
import type { huntOptions, OptionValues } from './options.ts'

/** Opens what a hunting command needs. A command that takes no arguments passes them here to be refused. */
export async function openForHunt(
  terminal: Terminal,
  options: OptionValues<typeof huntOptions>,
  args: readonly string[],
): Promise<Catalogue> {
  if (args.length > 0) throw new HunterError('usage', `unexpected argument ${JSON.stringify(args[0])}`)
  const log = openLog(terminal.logLevel)
  const sets = await setsAt(options.indicators)
  const stateDir = options['no-cache'] ? undefined : (options.state ?? usableDefault(terminal.env, log))
  const settings: CatalogueSettings = {
    ...(options.root === undefined ? {} : { root: options.root }),
    ...(options.platform === undefined ? {} : { platform: options.platform as Platform }), // checked against choices
    ...(options.mounts === undefined ? {} : { mounts: options.mounts as WalkPlan['mounts'] }),
    ...(stateDir === undefined ? {} : { stateDir }),
    ...bundleChoice(options, terminal.env),
    sets,
    configuration: await openConfiguration(options.config, terminal.env, process.platform),
    rules: options.rules,
    scope: options.full ? 'full' : 'places',
    limits: {
      maxFileBytes: mebibytes('max-file-size', options['max-file-size']),
      ...paced(options.cpu, options['read-rate']),
    },
  }
  const catalogue = await openCatalogue(settings, log)
  if (options.rules.length > 0) await tellRuleProblems(terminal, catalogue)
  return catalogue
}

/** What checks lists of others is loaded when there are some. */
async function setsAt(paths: readonly string[]): Promise<readonly IndicatorSet[]> {
  if (paths.length === 0) return []
  const { openIndicatorPath } = await import('../extension/indicators/index.ts')
  return paths.flatMap((path) => openIndicatorPath(path).sets)
}

/** An installed bundle counts also where nothing is kept. */
export function bundleChoice(
  options: Pick<OptionValues<typeof huntOptions>, 'bundle' | 'no-bundle' | 'trust' | 'state'>,
  env: NodeJS.ProcessEnv,
): Pick<CatalogueSettings, 'bundles'> {
  const trust = trustPaths(options.trust, env, process.platform)
  if (options.bundle !== undefined) {
    if (options['no-bundle']) throw new HunterError('usage', '--bundle and --no-bundle exclude each other')
    return { bundles: { kind: 'file', path: options.bundle, trust } }
  }
  if (options['no-bundle']) return {}
  const stateDir = options.state ?? defaultStateDir(env, process.platform, process.getuid?.() === 0)
  return { bundles: { kind: 'installed', stateDir, trust } }
}

/** A broken rule is named, and the others are in force. */
async function tellRuleProblems({ stderr }: Terminal, { rules }: Catalogue): Promise<void> {
  for (const problem of await rules.check()) stderr.write(`rules: ${ruleProblemText(problem)}\n`)
}

/** The default state directory; without it nothing is kept, which only costs time. One that was asked for must work. */
function usableDefault(env: NodeJS.ProcessEnv, log: Logger): string | undefined {
  try {
    return openStateDir(defaultStateDir(env, process.platform, process.getuid?.() === 0))
  } catch (err) {
    log.warn({ err }, 'state directory cannot be used, nothing is kept')
    return undefined
  }
}

/** Runs with a catalogue and closes it. */
export async function closing<T>(catalogue: Catalogue, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    catalogue.close()
  }
}

/** As gently as the resident sweep, within a share of one core, or a rate of reading, or both. */
function paced(cpu: string | undefined, readRate: string | undefined): { pace?: Pace } {
  if (cpu === undefined && readRate === undefined) return {}
  if (cpu !== undefined && (!/^\d{1,3}$/.test(cpu) || Number(cpu) === 0 || Number(cpu) > 100)) {
    throw new HunterError('usage', `--cpu is ${JSON.stringify(cpu)}; expected a whole number of percent, 1 to 100`)
  }
  const pace: Pace = { idle: true, cpuShare: Number(cpu ?? 100) / 100 }
  return { pace: readRate === undefined ? pace : { ...pace, bytesPerSecond: mebibytes('read-rate', readRate) } }
}

function mebibytes(option: 'max-file-size' | 'read-rate', text: string): number {
  if (!/^\d{1,7}$/.test(text) || Number(text) === 0) {
    throw new HunterError('usage', `--${option} is ${JSON.stringify(text)}; expected whole mebibytes`)
  }
  return Number(text) * 1024 * 1024
}
