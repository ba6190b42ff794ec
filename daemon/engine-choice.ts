/**
 * Which engine answers: osquery over its socket, or the embedded one with our tables.
 */
import type { DaemonConfiguration } from './configuration/read-configuration.ts'
import { type EmbeddedSettings, settingsVariable } from './embedded-settings.ts'
import type { Engine } from './engine/engine.ts'
import { OsqueryEngine } from './engine/osquery-engine.ts'
import { ProcessEngine } from './engine/process-engine.ts'
import { findSocket } from './osquery-socket.ts'
import { platformHere } from './platform-here.ts'

/** What the choice depends on beside the configuration. */
export interface EngineSurroundings {
  /** Directory of the hunt's caches, for the embedded engine. */
  readonly stateDir: string
  /** Program and arguments that serve the embedded engine, as `embedded-process.ts` does. */
  readonly engineCommand: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/** osquery's socket as configured or where it usually is. */
export function socketOf({ engine }: DaemonConfiguration): { readonly path: string; readonly isThere: boolean } {
  return engine.socket === undefined ? findSocket(platformHere()) : { path: engine.socket, isThere: true }
}

/** Opens the engine; nobody needs to answer yet. `auto` takes osquery if a socket is named or there. */
export function openEngine(
  configuration: DaemonConfiguration,
  { stateDir, engineCommand: [command = '', ...args], env }: EngineSurroundings,
): Engine {
  const { use, indicators, rules } = configuration.engine
  const socket = socketOf(configuration)
  if (use === 'osquery' || (use === 'auto' && socket.isThere)) return new OsqueryEngine({ socket: socket.path })
  const settings: EmbeddedSettings = {
    stateDir,
    indicators,
    rules,
    sources: configuration.sources,
    logLevel: configuration.log_level,
  }
  return new ProcessEngine({ command, args, env: { ...env, [settingsVariable]: JSON.stringify(settings) } })
}
