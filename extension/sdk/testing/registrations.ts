/**
 * Who is registered with what, by osquery's rules and in its words.
 *
 * A registration is taken whole or not at all, with one flaw that is kept: a table whose columns were refused leaves
 * its name behind, and nobody can register that name until osquery starts anew. `osquery/extensions/interface.cpp`,
 * `osquery/registry/registry_interface.cpp`.
 */
import { randomInt } from 'node:crypto'
import type { Route } from '../routes.ts'
import type { ExtensionInfo, RegistryRoutes } from '../wire/responder.ts'
import { okStatus, type Status } from '../wire/response.ts'
import { isCompatible } from './sdk-version.ts'
import { routeProblem } from './table-routes.ts'

/** Registries an osquery has, whether anything is in them or not. */
export const registries: readonly string[] = [
  'config',
  'config_parser',
  'database',
  'distributed',
  'enroll',
  'event_publisher',
  'event_subscriber',
  'logger',
  'numeric_monitoring',
  'osquery_events_stream',
  'sql',
  'table',
]

/** A plugin of an extension. */
export interface Item {
  readonly registry: string
  readonly name: string
  readonly routes: readonly Route[]
}

/** An extension with its plugins. */
export interface Registration {
  readonly uuid: bigint
  readonly info: ExtensionInfo
  readonly items: readonly Item[]
}

/** Extensions of one run of a core. */
export class Registrations {
  readonly #byUuid = new Map<bigint, Registration>()
  readonly #taken = new Set<string>()

  /** `own` are the core's items: nobody else can have their names. */
  constructor(own: readonly Pick<Item, 'registry' | 'name'>[]) {
    for (const item of own) this.#taken.add(keyOf(item))
  }

  /** All of them, in osquery's order. */
  get all(): readonly Registration[] {
    return [...this.#byUuid.values()].sort((a, b) => (a.uuid < b.uuid ? -1 : 1))
  }

  get(uuid: bigint): Registration | undefined {
    return this.#byUuid.get(uuid)
  }

  /** By the extension's name. */
  named(name: string): Registration | undefined {
    return this.all.find((one) => one.info.name === name)
  }

  /** Who has a plugin. */
  ownerOf(registry: string, name: string): Registration | undefined {
    return this.all.find(({ items }) => items.some((item) => item.registry === registry && item.name === name))
  }

  /** Takes a registration, or says why not. A refused one has uuid 0. */
  register(info: ExtensionInfo, routes: RegistryRoutes): Status & { readonly uuid: bigint } {
    const items = itemsOf(routes)
    const problem = this.#problem(info, Object.keys(routes), items)
    if (problem !== undefined) return { code: 1, message: problem, uuid: 0n }
    const uuid = this.#newUuid()
    this.#byUuid.set(uuid, { uuid, info, items })
    for (const item of items) this.#taken.add(keyOf(item))
    return { ...okStatus, uuid }
  }

  /** Ends a registration; its names are free again. */
  remove(uuid: bigint): Registration | undefined {
    const found = this.#byUuid.get(uuid)
    this.#byUuid.delete(uuid)
    for (const item of found?.items ?? []) this.#taken.delete(keyOf(item))
    return found
  }

  #problem(info: ExtensionInfo, named: readonly string[], items: readonly Item[]): string | undefined {
    if (this.named(info.name)) return 'Duplicate extension registered'
    if (!isCompatible(info.sdk_version)) return 'Incompatible extension SDK version'
    const unknown = named.find((name) => !registries.includes(name))
    if (unknown !== undefined) return `Failed adding registry: Unknown registry: ${unknown}`
    const twin = items.find((item) => this.#taken.has(keyOf(item)))
    if (twin) return `Failed adding registry: Registry item ${twin.name} conflicts with another item of the same name.`
    for (const item of items) {
      const problem = item.registry === 'table' ? routeProblem(item.routes) : undefined
      if (problem === undefined) continue
      this.#taken.add(keyOf(item)) // poisoned: see above
      return `Failed adding registry: ${problem}`
    }
    return undefined
  }

  #newUuid(): bigint {
    for (;;) {
      const uuid = BigInt(randomInt(1, 65_536))
      if (!this.#byUuid.has(uuid)) return uuid
    }
  }
}

function itemsOf(routes: RegistryRoutes): Item[] {
  return Object.entries(routes).flatMap(([registry, items]) =>
    Object.entries(items).map(([name, entries]) => ({ registry, name, routes: entries })),
  )
}

function keyOf({ registry, name }: Pick<Item, 'registry' | 'name'>): string {
  return `${registry} ${name}`
}
