/**
 * One life of a core, from its start to its end: what a process of osquery is between two starts.
 */
import type { BoundTable } from '../bind.ts'
import { ExtensionClient, type RemoteAnswer, type TextRow } from '../client.ts'
import { failed, messageOf } from '../plugin.ts'
import { extensionAddress } from '../transport/address.ts'
import { Listener } from '../transport/listener.ts'
import type { ExtensionInfo, ManagerService, OptionInfo, PluginCall, RegistryRoutes } from '../wire/responder.ts'
import { managerResponder } from '../wire/responder.ts'
import { type Answer, okStatus, type Status } from '../wire/response.ts'
import { encodeMaps } from '../wire/rows.ts'
import { callCoreItem, coreItemNames } from './core-items.ts'
import { coreTables, type ListedExtension, type ListedItem } from './core-tables.ts'
import type { CoreEvents, RemovalReason } from './events.ts'
import { type CallPatience, callExtension } from './extension-call.ts'
import { type Item, type Registration, Registrations, registries } from './registrations.ts'
import { remoteTable } from './remote-table.ts'
import { leavingSocket, removeSockets } from './sockets.ts'
import { SqlEngine } from './sql-engine.ts'
import { Watcher } from './watcher.ts'

/** What a run is made of. */
export interface RunOptions extends CallPatience {
  readonly socket: string
  readonly version: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly flags: Readonly<Record<string, OptionInfo>>
  readonly tables: readonly BoundTable[]
  readonly events: CoreEvents
  configPushed(source: string, data: string): void
}

/** How long a stopping core waits for an extension to take note, and for callers to be answered. */
const goodbyeMs = 1000

/** A core that runs. */
export class CoreRun implements ManagerService {
  readonly uuid = 0n
  readonly registrations: Registrations
  readonly #options: RunOptions
  readonly #tables: readonly BoundTable[]
  readonly #engine: SqlEngine
  #listener: Listener | undefined
  #watcher: Watcher | undefined

  private constructor(options: RunOptions) {
    this.#options = options
    this.#tables = [
      ...coreTables({
        version: options.version,
        socket: options.socket,
        flags: options.flags,
        extensions: () => this.#listedExtensions(),
        items: () => this.#listedItems(),
      }),
      ...options.tables,
    ]
    this.registrations = new Registrations(this.#coreItems())
    this.#engine = new SqlEngine((isTransient) => this.#allTables(isTransient))
  }

  /** Clears sockets of earlier runs away and listens. */
  static async start(options: RunOptions): Promise<CoreRun> {
    const run = new CoreRun(options)
    removeSockets(options.socket)
    run.#listener = await Listener.open(options.socket, managerResponder(run))
    run.#watcher = new Watcher(run.registrations, {
      manager: options.socket,
      intervalMs: options.intervalMs,
      timeoutMs: options.timeoutMs,
      thriftTimeoutMs: options.thriftTimeoutMs,
      pinged: ({ uuid, info: { name } }) => options.events.emit({ type: 'pinged', uuid, name }),
      gone: ({ uuid }) => run.remove(uuid, 'gone'),
    })
    options.events.emit({ type: 'started', socket: options.socket })
    return run
  }

  /** Tells every extension to end, answers who is still asking, removes the sockets. */
  async stop(): Promise<void> {
    await this.#watcher?.stop()
    await Promise.all(
      this.registrations.all.map(({ uuid }) =>
        new ExtensionClient(this.#addressOf(uuid), { timeoutMs: goodbyeMs }).shutdown().catch(() => {}),
      ),
    )
    await this.#listener?.close(goodbyeMs)
    await this.#engine.close()
    removeSockets(this.#options.socket)
    this.#options.events.emit({ type: 'stopped', socket: this.#options.socket })
  }

  /** Ends as if killed: nobody is told, nothing is answered any more, socket files stay. */
  async kill(): Promise<void> {
    await leavingSocket(this.#options.socket, async () => await this.#listener?.abandon())
    await this.#watcher?.stop()
    await this.#engine.close()
    this.#options.events.emit({ type: 'killed', socket: this.#options.socket })
  }

  /** Checks the health of all extensions now. */
  async checkHealth(): Promise<void> {
    await this.#watcher?.check()
  }

  /** Ends a registration. The extension is not told. */
  remove(uuid: bigint, reason: RemovalReason): boolean {
    const found = this.registrations.remove(uuid)
    if (!found) return false
    this.#engine.changed()
    this.#options.events.emit({ type: 'removed', uuid, name: found.info.name, reason })
    return true
  }

  /** Calls a plugin of an extension as osquery itself would. */
  async callPlugin(owner: Registration, call: PluginCall, signal?: AbortSignal): Promise<RemoteAnswer> {
    const sent = { ...call, request: sortedByKey(call.request) }
    this.#options.events.emit({ type: 'call', uuid: owner.uuid, ...sent })
    return await callExtension(this.#addressOf(owner.uuid), sent, this.#options, signal)
  }

  /** Whether an extension of that name answers pings. */
  async isReachable(name: string): Promise<boolean> {
    const found = this.registrations.named(name)
    if (!found) return false
    return await new ExtensionClient(this.#addressOf(found.uuid), { timeoutMs: goodbyeMs }).ping().then(
      () => true,
      () => false,
    )
  }

  /** Rows of a query; rejects with osquery's message. */
  rows(sql: string, signal?: AbortSignal): Promise<readonly TextRow[]> {
    return this.#engine.query(sql, signal)
  }

  ping(): Status {
    return { code: 0, message: 'pong' }
  }

  /** osquery answers, and goes on. */
  shutdown(): void {}

  extensions(): Readonly<Record<string, ExtensionInfo>> {
    return Object.fromEntries(this.registrations.all.map(({ uuid, info }) => [String(uuid), info]))
  }

  options(): Readonly<Record<string, OptionInfo>> {
    return this.#options.flags
  }

  registerExtension(info: ExtensionInfo, registry: RegistryRoutes): Status & { readonly uuid: bigint } {
    const outcome = this.registrations.register(info, registry)
    const { name } = info
    if (outcome.code === 0) {
      this.#engine.changed()
      this.#options.events.emit({ type: 'registered', uuid: outcome.uuid, name })
    } else this.#options.events.emit({ type: 'refused', name, message: outcome.message })
    return outcome
  }

  deregisterExtension(uuid: bigint): Status {
    return this.remove(uuid, 'deregistered') ? okStatus : { code: 1, message: 'No extension UUID found' }
  }

  async call(call: PluginCall, signal: AbortSignal): Promise<Answer> {
    const { registry, item } = call
    if (!registries.includes(registry)) return failed(`Unknown registry requested: ${registry}`)
    const owner = this.registrations.ownerOf(registry, item)
    if (owner) {
      const { status, response } = await this.callPlugin(owner, call, signal)
      return { status, rows: encodeMaps(response.map(sortedByKey)) }
    }
    return await answered(() =>
      callCoreItem(
        {
          tables: this.#tables,
          query: (sql) => this.rows(sql, signal),
          updateConfig: (source, data) => this.#options.configPushed(source, data),
        },
        call,
        signal,
      ),
    )
  }

  query(sql: string, signal: AbortSignal): Promise<Answer> {
    return answered(async () => ({ status: okStatus, rows: encodeMaps(await this.rows(sql, signal)) }))
  }

  getQueryColumns(sql: string, signal: AbortSignal): Promise<Answer> {
    return answered(async () => ({
      status: okStatus,
      rows: encodeMaps(await this.#engine.columns(sql, signal)),
    }))
  }

  /** Tables for a new database. Beside one that is at work, osquery asks for the columns, twice, and waits. */
  async #allTables(isTransient: boolean): Promise<readonly BoundTable[]> {
    const remote: BoundTable[] = []
    const taken = new Set(this.#tables.map(({ name }) => name))
    for (const owner of this.registrations.all) {
      for (const item of owner.items) {
        if (item.registry !== 'table' || (isTransient && !(await this.#confirms(owner, item)))) continue
        const table = remoteTable(item, (request, signal) =>
          this.callPlugin(owner, { registry: 'table', item: item.name, request }, signal),
        )
        const aliases = table.aliases.filter(
          (alias) => !taken.has(alias) && !this.registrations.ownerOf('table', alias),
        )
        for (const name of [item.name, ...aliases]) taken.add(name)
        remote.push({ ...table, aliases })
      }
    }
    return [...this.#tables, ...remote]
  }

  async #confirms(owner: Registration, { registry, name: item }: Item): Promise<boolean> {
    const call = { registry, item, request: { action: 'columns' } }
    const first = await this.callPlugin(owner, call)
    const second = await this.callPlugin(owner, call)
    return first.status.code === 0 && second.status.code === 0
  }

  #addressOf(uuid: bigint): string {
    return extensionAddress(this.#options.socket, uuid)
  }

  #coreItems(): { readonly registry: string; readonly name: string }[] {
    return [...coreItemNames, ...this.#tables.map(({ name }) => ({ registry: 'table', name }))]
  }

  #listedExtensions(): ListedExtension[] {
    const { version, socket } = this.#options
    return [
      { uuid: 0n, name: 'core', version, sdkVersion: '0.0.0', path: socket },
      ...this.registrations.all.map(({ uuid, info }) => ({
        uuid,
        name: info.name,
        version: info.version,
        sdkVersion: info.min_sdk_version, // what osquery shows, and a mistake of its own
        path: this.#addressOf(uuid),
      })),
    ]
  }

  #listedItems(): ListedItem[] {
    return [
      ...this.#coreItems().map((item) => ({ ...item, owner: 0n })),
      ...this.registrations.all.flatMap(({ uuid, items }) =>
        items.map(({ registry, name }) => ({ registry, name, owner: uuid })),
      ),
    ]
  }
}

/** C++ maps are sorted, and so is what osquery sends. */
function sortedByKey(texts: TextRow): TextRow {
  return Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function answered(answer: () => Promise<Answer>): Promise<Answer> {
  try {
    return await answer()
  } catch (error) {
    return failed(messageOf(error))
  }
}
