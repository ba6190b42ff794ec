/**
 * What the daemon tells the process of its embedded engine: one environment variable, JSON, no secrets.
 */
import type { LogLevel } from '../extension/runtime/log.ts'
import type { DaemonConfiguration } from './configuration/read-configuration.ts'

/** Name of the variable. */
export const settingsVariable = 'THREECX_DAEMON_EMBEDDED'

/** What an operator chose. */
export interface EmbeddedSettings {
  /** Directory of the hunt's caches. */
  readonly stateDir: string
  readonly indicators: readonly string[]
  readonly rules: readonly string[]
  readonly sources: DaemonConfiguration['sources']
  readonly logLevel: LogLevel
}
