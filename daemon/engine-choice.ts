/**
 * Which engine answers: osquery over its socket, or the embedded one with our tables.
 */
import type { Logger } from '../extension/runtime/log.ts'
import type { DaemonConfiguration } from './configuration/read-configuration.ts'
import { EmbeddedEngine } from './engine/embedded-engine.ts'
import type { Engine } from './engine/engine.ts'
import { OsqueryEngine } from './engine/osquery-engine.ts'
import { findSocket } from './osquery-socket.ts'
import { platformHere } from './platform-here.ts'

/** What the choice depends on beside the configuration. */
export interface EngineSurroundings {
  /** Directory of the hunt's caches, for the embedded engine. */
  readonly stateDir: string
  readonly version: string
  readonly log: Logger
}

/** Name under which tables of the embedded engine say they are registered: packs look for it. */
const extensionName = 'threecx_hunter'

/** osquery's socket as configured or where it usually is. */
export function socketOf({ engine }: DaemonConfiguration): { readonly path: string; readonly isThere: boolean } {
  return engine.socket === undefined ? findSocket(platformHere()) : { path: engine.socket, isThere: true }
}

/** Opens the engine; nobody needs to answer yet. `auto` takes osquery if a socket is named or there. */
export function openEngine(configuration: DaemonConfiguration, { stateDir, version, log }: EngineSurroundings): Engine {
  const { use, indicators, rules } = configuration.engine
  const socket = socketOf(configuration)
  if (use === 'osquery' || (use === 'auto' && socket.isThere)) return new OsqueryEngine({ socket: socket.path })
  return new EmbeddedEngine({
    open: async () => {
      const { openEmbeddedTables } = await import('./embedded-tables.ts')
      const { sources } = configuration
      return await openEmbeddedTables({ stateDir, indicators, rules, configuration: { sources } }, log)
    },
    extension: { name: extensionName, version },
  })
}
