/**
 * The extension's tables in the executable: their thread makes them from code of its own, not from a module's path.
 */
import plugins from '../../extension/extension-plugins.ts'
import { servePlugins } from '../../extension/sdk/host/thread.ts'
import { serveAddon } from './addon.ts'
import { serveThreads } from './threads.ts'

serveThreads()
serveAddon()
void servePlugins(plugins) // a rejection ends the thread, and the main side hears why
