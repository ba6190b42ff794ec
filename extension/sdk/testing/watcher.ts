/**
 * Health, as osquery's one watcher thread sees it: every interval a ping to each extension, one after the other.
 *
 * A single failed ping, a missing socket or an answer with code 1 ends the registration, and the extension is not
 * told. Only the first look at an extension waits a while for its socket. A ping that is never answered holds up the
 * checks of all others. `osquery/extensions/extensions.cpp`, ExtensionManagerWatcher.
 */
import { existsSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import { ExtensionClient } from '../client.ts'
import { extensionAddress } from '../transport/address.ts'
import type { Registration, Registrations } from './registrations.ts'

/** osquery looks for a socket that often. */
const socketRetryMs = 20
/** osquery checks no more often than this. */
const shortestIntervalMs = 200

/** What the watcher is told. */
export interface WatcherOptions {
  readonly manager: string
  readonly intervalMs: number
  /** How long the first look waits for a socket. */
  readonly timeoutMs: number
  readonly thriftTimeoutMs: number
  pinged(extension: Registration): void
  gone(extension: Registration): void
}

/** Watches until it is stopped. */
export class Watcher {
  readonly #registrations: Registrations
  readonly #options: WatcherOptions
  readonly #stopping = new AbortController()
  readonly #seen = new Set<bigint>()
  #round: Promise<void> = Promise.resolve()

  constructor(registrations: Registrations, options: WatcherOptions) {
    this.#registrations = registrations
    this.#options = options
    void this.#watch()
  }

  /** Checks everybody now; resolves when all have been checked. */
  check(): Promise<void> {
    this.#round = this.#round.then(() => this.#checkAll())
    return this.#round
  }

  /** Stops, whatever it is waiting for. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#round
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping
    const intervalMs = Math.max(shortestIntervalMs, this.#options.intervalMs)
    while (!signal.aborted) {
      await this.check()
      await after(intervalMs, undefined, { signal, ref: false }).catch(() => {}) // stopped
    }
  }

  async #checkAll(): Promise<void> {
    for (const extension of this.#registrations.all) {
      const isHealthy = await this.#isHealthy(extension)
      if (this.#stopping.signal.aborted) return
      if (!this.#registrations.get(extension.uuid)) continue
      if (isHealthy) this.#options.pinged(extension)
      else this.#options.gone(extension)
    }
  }

  async #isHealthy({ uuid }: Registration): Promise<boolean> {
    const { signal } = this.#stopping
    const address = extensionAddress(this.#options.manager, uuid)
    if (!this.#seen.has(uuid)) await this.#waitForSocket(address)
    this.#seen.add(uuid)
    const client = new ExtensionClient(address, { timeoutMs: this.#options.thriftTimeoutMs, signal })
    return await client.ping().then(
      ({ code }) => code !== 1,
      () => false,
    )
  }

  async #waitForSocket(address: string): Promise<void> {
    const { signal } = this.#stopping
    const deadline = performance.now() + this.#options.timeoutMs
    while (!existsSync(address) && performance.now() < deadline && !signal.aborted) {
      await after(socketRetryMs, undefined, { signal, ref: false }).catch(() => {}) // stopped
    }
  }
}
