/**
 * A config plugin: osquery's configuration from wherever its author keeps it.
 *
 * When the source fails, the last configuration that was good is given again, so that a host keeps its schedule while
 * a server is down; before there is one, the failure is osquery's. `osquery/config/config.cpp`.
 */
import type { ManagerClient } from '../client.ts'
import { rowsOf } from '../client.ts'
import { type Answer, failed, messageOf, type Plugin, type PluginRequest, succeeded } from '../plugin.ts'

/** A configuration or pack: JSON text, or what becomes it. */
export type ConfigText = string | Readonly<Record<string, unknown>>

/** Where configuration comes from. */
export interface ConfigSource {
  readonly name: string
  /** Configurations by the name of their source; osquery merges them. */
  genConfig(): Promise<Readonly<Record<string, ConfigText>>> | Readonly<Record<string, ConfigText>>
  /** The pack that a configuration names by a text: `packs: { name: value }`. */
  genPack?(name: string, value: string): Promise<ConfigText> | ConfigText
  /** Called when the source failed and an earlier answer was given instead. */
  stale?(error: unknown): void
}

/** Makes a plugin of a source. */
export function configPlugin(source: ConfigSource): Plugin {
  const good = new Map<string, Readonly<Record<string, string>>>()

  async function kept(key: string, read: () => Promise<Readonly<Record<string, string>>>): Promise<Answer> {
    try {
      const row = await read()
      good.set(key, row)
      return succeeded([row])
    } catch (error) {
      const earlier = good.get(key)
      if (earlier === undefined) return failed(`config ${source.name}: ${messageOf(error)}`)
      source.stale?.(error)
      return succeeded([earlier])
    }
  }

  async function call(request: PluginRequest): Promise<Answer> {
    const { action = '', name = '', value = '' } = request
    switch (action) {
      case 'genConfig':
        return await kept('config', async () => textsOf(await source.genConfig()))
      case 'genPack':
        if (!source.genPack) return failed(`config ${source.name} has no packs; ${JSON.stringify(name)} was asked for`)
        return await kept(`pack ${name} ${value}`, async () =>
          textsOf({ [name]: (await source.genPack?.(name, value)) ?? '' }),
        )
      default:
        return failed(`Unknown config plugin action: ${action}`)
    }
  }
  return { registry: 'config', name: source.name, routes: [], call }
}

/** Gives osquery a changed configuration now, instead of when it asks next. */
export async function pushConfig(manager: ManagerClient, source: string, config: ConfigText): Promise<void> {
  const data = textOf(source, config)
  rowsOf(await manager.call({ registry: 'config', item: 'update', request: { action: 'update', source, data } }))
}

function textsOf(configs: Readonly<Record<string, ConfigText>>): Record<string, string> {
  return Object.fromEntries(Object.entries(configs).map(([name, config]) => [name, textOf(name, config)]))
}

/** osquery reads comments in configurations, so text is left as it is unless it cannot be any. */
function textOf(name: string, config: ConfigText): string {
  const text = typeof config === 'string' ? config : JSON.stringify(config)
  if (!text.trimStart().match(/^[{#/]/)) {
    throw new Error(`${JSON.stringify(name)} is ${JSON.stringify(text.slice(0, 40))}; expected a JSON object`)
  }
  return text
}
