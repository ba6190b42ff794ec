/**
 * Plugins in the thread that serves: for tests and for plugins that never hold the loop.
 */
import { ManagerClient } from '../client.ts'
import { type Answer, failed, type Plugin, type PluginCall } from '../plugin.ts'
import type { TablePlugin } from '../plugins/table.ts'
import { Questions } from '../questions.ts'
import type { HostOptions, PluginFactory, PluginHost, PluginServices, PluginSet, SessionView } from './host.ts'

/** Makes the plugins and answers for them. */
export async function openInlineHost(factory: PluginFactory, options: HostOptions): Promise<PluginHost> {
  let view: SessionView = { uuid: 0n, registrations: 0 }
  let plugins: readonly Plugin[] = []
  const manager = new ManagerClient(options.manager)
  const questions = new Questions(
    { manager, isRegistered: () => view.uuid !== 0n, ownTables: () => plugins.flatMap(tableNames) },
    options.questions,
  )
  const services: PluginServices = {
    manager,
    query: (sql, asked = {}) => {
      const signal = asked.signal ? AbortSignal.any([asked.signal, close.signal]) : close.signal
      return questions.ask(sql, { ...asked, signal })
    },
    session: () => view,
    metrics: () => plugins.filter(isTable).map((table) => table.metrics()),
    log: options.log,
  }
  const close = new AbortController()
  const made = await factory(services)
  const set: PluginSet = isSet(made) ? made : { plugins: made }
  plugins = set.plugins
  const twin = plugins.find((plugin, at) => at !== plugins.findIndex((one) => isSame(one, plugin)))
  if (twin) throw new Error(`two plugins of the registry ${twin.registry} are called ${JSON.stringify(twin.name)}`)

  async function call({ registry, item, request }: PluginCall, signal: AbortSignal): Promise<Answer> {
    const plugin = plugins.find((one) => one.registry === registry && one.name === item)
    if (!plugin) return failed(`there is no ${registry} plugin ${JSON.stringify(item)} in this extension`)
    return await plugin.call(request, AbortSignal.any([signal, close.signal]))
  }

  return {
    plugins,
    call,
    session: (next) => {
      view = next
    },
    close: async () => {
      close.abort(new Error('the extension is shutting down'))
      await set.close?.()
    },
  }
}

function isSet(made: PluginSet | readonly Plugin[]): made is PluginSet {
  return !Array.isArray(made)
}

function isTable(plugin: Plugin): plugin is TablePlugin {
  return plugin.registry === 'table' && 'metrics' in plugin
}

/** How a query can name a plugin: a table by its name and its aliases. */
function tableNames({ registry, name, routes }: Plugin): string[] {
  if (registry !== 'table') return []
  return [name, ...routes.flatMap((route) => (route['id'] === 'alias' && route['alias']) || [])]
}

function isSame(a: Plugin, b: Plugin): boolean {
  return a.registry === b.registry && a.name === b.name
}
