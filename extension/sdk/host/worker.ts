/**
 * Entry of the plugins' thread where plugins are a module of their author's.
 */
import { workerData } from 'node:worker_threads'
import type { PluginFactory } from './host.ts'
import type { ThreadSetup } from './messages.ts'
import { servePlugins } from './thread.ts'

const { module = '' } = workerData as ThreadSetup
const { default: factory } = (await import(module)) as { default?: PluginFactory }
if (typeof factory !== 'function') {
  throw new Error(`${module} has no default export that makes plugins; write: export default definePlugins(...)`)
}
await servePlugins(factory)
