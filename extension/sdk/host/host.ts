/**
 * Where plugins run: in this thread, or in one of their own. Servers only know this.
 */
import type { ManagerClient, TextRow } from '../client.ts'
import type { TableMetrics } from '../guard/metrics.ts'
import type { Answer, Plugin, PluginCall, PluginDescription } from '../plugin.ts'
import type { QuestionLimits } from '../questions.ts'
import type { ExchangeOptions } from '../transport/exchange.ts'

/** The registration as it is now. */
export interface SessionView {
  /** Given by osquery; 0 while not registered. */
  readonly uuid: bigint
  /** Registrations since the start; the first counts. */
  readonly registrations: number
}

/** Severity of a line, as osquery counts. */
export type Severity = 'info' | 'warn' | 'error'

/** What plugins may use. */
export interface PluginServices {
  /** Asks osquery. Calls fail while it is not there. */
  readonly manager: ManagerClient
  /**
   * Rows of a query to osquery's own tables, all columns as text; from inside a table, too. Bounded in time, size and
   * number; refused while not registered, and for tables of this extension.
   */
  query(sql: string, options?: ExchangeOptions): Promise<readonly TextRow[]>
  session(): SessionView
  /** Metrics of every table here. */
  metrics(): readonly TableMetrics[]
  /** A line for the extension's log, and for osquery's where that was asked for. */
  log(severity: Severity, message: string): void
}

/** Plugins, and what to do when they are no longer needed. */
export interface PluginSet {
  readonly plugins: readonly Plugin[]
  close?(): Promise<void> | void
}

/** Makes the plugins of an extension. Keep it quick: osquery waits for the registration. */
export type PluginFactory = (
  services: PluginServices,
) => Promise<PluginSet | readonly Plugin[]> | PluginSet | readonly Plugin[]

/** Runs plugins. */
export interface PluginHost {
  readonly plugins: readonly PluginDescription[]
  /** Answers a call; rejects when the plugin failed in a way it did not answer itself. */
  call(call: PluginCall, signal: AbortSignal): Promise<Answer>
  /** Tells plugins of a change of the registration. */
  session(view: SessionView): void
  close(): Promise<void>
}

/** What a host gets from the extension around it. */
export interface HostOptions {
  /** Where osquery's manager listens. */
  readonly manager: string
  /** Bounds of what plugins ask osquery. */
  readonly questions?: Partial<QuestionLimits>
  log(severity: Severity, message: string): void
}

/** Types a factory: the default export of a module of plugins. */
export function definePlugins(factory: PluginFactory): PluginFactory {
  return factory
}
