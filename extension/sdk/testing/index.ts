/**
 * osquery-extension-sdk/testing: a core to test extensions against.
 *
 * A real ExtensionManager on a real socket, with SQL, health checks and osquery's rules of registration, in this
 * process. Its behaviour is held to what a real osqueryd did on the wire.
 */
import { Core, type CoreOptions } from './core.ts'

export type { Core, CoreOptions, PushedConfig } from './core.ts'
export type { CoreEvent, CoreEvents, Patience, RemovalReason } from './events.ts'
export { type LaunchedExtension, type LaunchOptions, launchExtension } from './launch.ts'
export type { ConfigCaller, DistributedCaller, LoggerCaller } from './plugin-callers.ts'

/** Starts a core; it listens when this resolves. End it with `stop()`, or `await using`. */
export async function startCore(options: CoreOptions = {}): Promise<Core> {
  return await Core.start(options)
}
