/**
 * osquery-extension-sdk/extension: plugins, and the process that serves them to osquery.
 *
 * Apart from the tables themselves, which need none of this to be declared, tested, or asked in the embedded SQL.
 */
export {
  ExtensionClient,
  ManagerClient,
  quoted,
  type RemoteAnswer,
  rowsOf,
  StatusError,
  type TextRow,
} from './client.ts'
export { quantile, type TableMetrics } from './guard/metrics.ts'
export {
  definePlugins,
  type PluginFactory,
  type PluginServices,
  type PluginSet,
  type SessionView,
  type Severity,
} from './host/host.ts'
export { failed, type Plugin, type PluginRequest, succeeded } from './plugin.ts'
export { type ConfigSource, type ConfigText, configPlugin, pushConfig } from './plugins/config.ts'
export {
  type DistributedHandlers,
  type DistributedQueries,
  type DistributedResult,
  type DistributedStats,
  distributedPlugin,
} from './plugins/distributed.ts'
export { type LoggerHandlers, loggerPlugin } from './plugins/logger.ts'
export type { StatusLine } from './plugins/status-lines.ts'
export { defaultTableLimits, type TableLimits, type TablePlugin, tablePlugin } from './plugins/table.ts'
export { defaultQuestionLimits, type QuestionLimits, UnaskedError } from './questions.ts'
export { type ExtensionOptions, runExtension } from './run-extension.ts'
export type { SessionLog } from './session.ts'
export { startThreadsWith, type ThreadStarter } from './thread.ts'
