/**
 * What `threecx doctor` and `threecx extension` share: whose osquery is meant, and the facts of this host.
 */
import type { BundleFacts, HostFacts } from '../extension/deployment/facts.ts'
import { gatherHost } from '../extension/deployment/gather.ts'
import { type Host, hosts, type Layout, layoutOf } from '../extension/deployment/layout.ts'
import { HunterError } from '../extension/domain/errors.ts'
import type { Platform } from '../extension/domain/platform.ts'
import { chooseBundle } from '../extension/indicators/bundle/choose.ts'
import { BundleStore } from '../extension/indicators/bundle/store.ts'
import { readTrust, trustPaths } from '../extension/indicators/bundle/trust.ts'
import { defaultStateDir } from '../extension/runtime/state-dir.ts'
import type { OptionSpecs } from './options.ts'

/** Options that say which installation is meant. */
export const deploymentOptions = {
  'load-file': { kind: 'text', value: 'FILE', doc: "The load file; default: osquery's or orbit's own" },
  'flags-file': { kind: 'text', value: 'FILE', doc: 'The flags file osqueryd is started with; default: its own' },
  socket: { kind: 'text', value: 'PATH', doc: "The manager's socket; default: what the flags file says, then its own" },
  state: { kind: 'text', value: 'DIR', env: 'THREECX_STATE', doc: 'State directory of the extension' },
} as const satisfies OptionSpecs

/** Choices for the host option, which is named differently by the two commands. */
export const hostChoices = hosts

/** What the shared options hold. */
export interface DeploymentValues {
  readonly 'load-file': string | undefined
  readonly 'flags-file': string | undefined
  readonly socket: string | undefined
  readonly state: string | undefined
}

/** The layout of this machine. */
export function layoutHere(host: string, env: NodeJS.ProcessEnv): Layout {
  return layoutOf(host as Host, platformHere(), env['ProgramFiles']) // checked against choices
}

function platformHere(): Platform {
  if (process.platform === 'win32') return 'windows'
  if (process.platform === 'darwin' || process.platform === 'linux') return process.platform
  throw new HunterError(
    'usage',
    `osquery extensions are not deployed on ${process.platform}; expected Linux, macOS or Windows`,
  )
}

/** The facts of this host. */
export async function factsHere(
  layout: Layout,
  options: DeploymentValues,
  env: NodeJS.ProcessEnv,
  file: string | undefined,
): Promise<HostFacts> {
  const said = { file, loadFile: options['load-file'], flagsFile: options['flags-file'], socket: options.socket }
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  const stateDirectory = options.state ?? defaultStateDir(env, process.platform, process.getuid?.() === 0)
  const bundle = await bundleFacts(stateDirectory, env)
  return await gatherHost({ layout, stateDirectory, bundle, ...given })
}

/** As the extension would choose; nothing is written. */
async function bundleFacts(stateDirectory: string, env: NodeJS.ProcessEnv): Promise<BundleFacts> {
  const trust = trustPaths([], env, process.platform)
  const { keys, problems } = readTrust(trust)
  const now = Math.floor(Date.now() / 1000)
  const { status } = await chooseBundle(new BundleStore(stateDirectory), trust, now)
  return { status, trust, keys: [...keys.values()].map(({ name }) => name), keyProblems: problems, now }
}
