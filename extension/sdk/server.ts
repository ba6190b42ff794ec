/**
 * The extension as osquery calls it: ping and columns at once, everything else from the plugins.
 */
import type { PluginHost } from './host/host.ts'
import { type Answer, failed, messageOf, type PluginCall, type PluginDescription, succeeded } from './plugin.ts'
import { extensionAddress } from './transport/address.ts'
import { Listener, type ListenerLimits } from './transport/listener.ts'
import { extensionResponder, type RegistryRoutes } from './wire/responder.ts'

/** Called when osquery announces its end. */
export type OnShutdown = () => void

/** Listens where osquery expects the extension of that uuid. Rejects with the system's error. */
export async function listenForOsquery(
  host: PluginHost,
  manager: string,
  uuid: bigint,
  onShutdown: OnShutdown,
  limits?: ListenerLimits,
): Promise<Listener> {
  const respond = extensionResponder({
    uuid,
    ping: () => ({ code: 0, message: 'pong' }),
    shutdown: onShutdown,
    call: (call, signal) => answer(host, call, signal),
  })
  return await Listener.open(extensionAddress(manager, uuid), respond, limits)
}

/** What an extension registers: its plugins by registry and name, each with its routes. */
export function registryRoutes(plugins: readonly PluginDescription[]): RegistryRoutes {
  const registries: Record<string, Record<string, PluginDescription['routes']>> = {}
  for (const { registry, name, routes } of plugins) {
    registries[registry] ??= {}
    registries[registry][name] = routes
  }
  return registries
}

async function answer(host: PluginHost, call: PluginCall, signal: AbortSignal): Promise<Answer> {
  const known = host.plugins.find((one) => one.registry === call.registry && one.name === call.item)
  if (!known) return failed(`there is no ${call.registry} plugin ${JSON.stringify(call.item)} in this extension`)
  // osquery asks for columns in the middle of other queries and drops the table when it has to wait.
  if (call.registry === 'table' && call.request['action'] === 'columns') return succeeded(known.routes)
  try {
    return await host.call(call, signal)
  } catch (error) {
    return failed(messageOf(error))
  }
}
