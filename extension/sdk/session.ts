/**
 * The registration with osquery, for as long as the process lives.
 *
 * osquery removes an extension after one missed ping and does not tell it; a new worker or a new osqueryd knows nothing
 * of it; the socket may be unlinked under it. So `extensions()` is asked whether the uuid is still listed, and whenever
 * it is not, the process registers again, with a new uuid and a new socket, and goes on.
 */
import { lstatSync, unlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ManagerClient } from './client.ts'
import type { PluginHost } from './host/host.ts'
import { messageOf } from './plugin.ts'
import { listenForOsquery, registryRoutes } from './server.ts'
import { extensionAddress } from './transport/address.ts'
import type { Listener } from './transport/listener.ts'
import type { ExtensionInfo } from './wire/responder.ts'

/** Where a session writes what happens; keys of fields are constants. */
export interface SessionLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Why a session ended. */
export type SessionEnd = 'stopped' | 'osquery_ended'

/** What a session needs. */
export interface SessionOptions {
  /** Where osquery's manager listens. */
  readonly manager: string
  readonly info: ExtensionInfo
  readonly host: PluginHost
  readonly intervalMs: number
  /** Milliseconds without a manager after which that is worth a warning. */
  readonly timeoutMs: number
  /** Whether the process that started this one is gone; undefined where its end is none of our business. */
  readonly isOrphan?: () => boolean
  /** Milliseconds for calls under way when a registration or the process ends. */
  readonly drainMs?: number
  readonly log: SessionLog
}

/** Milliseconds between two attempts, from the first to the longest. */
const patience = { firstMs: 20, mostMs: 2_000 }
/** The same after a refusal: a dead namesake is noticed by osquery within its interval. */
const refusal = { firstMs: 500, mostMs: 30_000 }
/** An answer to one of our questions; longer, and the manager is as good as gone. */
const askMs = 10_000
/** Unanswered looks before a manager that still accepts connections is given up. */
const maxMisses = 3
const defaultDrainMs = 5_000

interface Registration {
  readonly uuid: bigint
  readonly listener: Listener
  /** Settles when osquery announced its end. */
  readonly announced: Promise<void>
  /** Inode of the socket: another file in its place is not ours. */
  readonly inode: bigint | undefined
}

/** A session. */
export class Session {
  readonly #options: SessionOptions
  readonly #manager: ManagerClient
  #registrations = 0
  #uuid = 0n
  #refusals = 0
  #draining: Promise<void> = Promise.resolve()

  constructor(options: SessionOptions) {
    this.#options = options
    this.#manager = new ManagerClient(options.manager, { timeoutMs: askMs })
  }

  /** Given by osquery; 0 while not registered. */
  get uuid(): bigint {
    return this.#uuid
  }

  /** Registers, and again whenever that is needed, until the signal aborts or osquery has ended for good. */
  async run(signal: AbortSignal): Promise<SessionEnd> {
    try {
      while (!signal.aborted) {
        if (!(await this.#managerAnswers(signal))) break
        const registration = await this.#register(signal)
        if (!registration) continue
        const isEnding = await this.#hold(registration, signal)
        this.#release(registration, signal.aborted)
        if (isEnding && this.#options.isOrphan && (await this.#isOver(signal))) break
      }
      return signal.aborted ? 'stopped' : 'osquery_ended'
    } finally {
      await this.#draining
    }
  }

  /** Waits for osquery. False when there is nobody left to wait for. */
  async #managerAnswers(signal: AbortSignal): Promise<boolean> {
    const { manager, timeoutMs, log, isOrphan } = this.#options
    const startedMs = performance.now()
    let delay = patience.firstMs
    let hasWarned = false
    while (!signal.aborted) {
      try {
        await this.#manager.ping({ signal })
        return true
      } catch (error) {
        if (signal.aborted || isOrphan?.()) break
        if (!hasWarned && performance.now() - startedMs > timeoutMs) {
          hasWarned = true
          log.warn({ socket: manager, reason: reasonOf(error) }, 'osquery does not answer; waiting for it')
        }
        await sleep(delay, undefined, { signal }).catch(() => {})
        delay = Math.min(delay * 1.5, patience.mostMs)
      }
    }
    return false
  }

  /** Registers and listens; undefined, after a pause, when osquery would not have it or went away meanwhile. */
  async #register(signal: AbortSignal): Promise<Registration | undefined> {
    const { manager, info, host, log } = this.#options
    try {
      const status = await this.#manager.registerExtension(info, registryRoutes(host.plugins), { signal })
      if (status.code !== 0) {
        await this.#pauseRefused(status.message, signal)
        return undefined
      }
      this.#uuid = status.uuid
      const announced = Promise.withResolvers<void>()
      const listener = await this.#listen(status.uuid, announced.resolve)
      this.#refusals = 0
      this.#registrations++
      host.session({ uuid: status.uuid, registrations: this.#registrations })
      log.info(
        { uuid: status.uuid.toString(), socket: listener.address, registrations: this.#registrations },
        'registered',
      )
      return { uuid: status.uuid, listener, announced: announced.promise, inode: inodeOf(listener.address) }
    } catch (error) {
      if (signal.aborted) return undefined
      log.warn({ socket: manager, reason: reasonOf(error) }, 'registration failed')
      if (this.#uuid !== 0n) await this.#deregister(this.#uuid)
      await sleep(refusal.firstMs, undefined, { signal }).catch(() => {})
      return undefined
    }
  }

  async #listen(uuid: bigint, onShutdown: () => void): Promise<Listener> {
    const { host, manager } = this.#options
    try {
      return await listenForOsquery(host, manager, uuid, onShutdown)
    } catch (error) {
      // The uuid is ours now: a socket of that name was left by a process that was killed.
      if (!isCode(error, 'EADDRINUSE') || !removeSocket(extensionAddress(manager, uuid))) throw error
      return await listenForOsquery(host, manager, uuid, onShutdown)
    }
  }

  /** A namesake that died is still listed for a while; anything else will not mend itself soon. */
  async #pauseRefused(message: string, signal: AbortSignal): Promise<void> {
    const delay = Math.min(refusal.firstMs * 2 ** this.#refusals, refusal.mostMs)
    this.#refusals++
    const { log, manager } = this.#options
    const isDuplicate = /duplicate extension|conflicts with another/i.test(message)
    const level = isDuplicate && this.#refusals < 6 ? 'warn' : 'error'
    log[level]({ socket: manager, reason: message, retry_ms: delay }, 'osquery refused the registration')
    await sleep(delay, undefined, { signal }).catch(() => {})
  }

  /** Stays until the registration is lost or to be given up. True when osquery announced its end. */
  async #hold({ uuid, listener, announced, inode }: Registration, signal: AbortSignal): Promise<boolean> {
    const { intervalMs, isOrphan, log } = this.#options
    let misses = 0
    while (!signal.aborted) {
      const pause = new AbortController()
      const slept = sleep(intervalMs, false, { signal: AbortSignal.any([signal, pause.signal]) }).catch(() => false)
      const isEnding = await Promise.race([slept, announced.then(() => true)])
      pause.abort()
      if (isEnding) {
        log.info({ uuid: uuid.toString() }, 'osquery is shutting down')
        return true
      }
      if (signal.aborted) break
      if (isOrphan?.()) return true
      const problem = await this.#lookAt(uuid, signal)
      if (problem === undefined && inodeOf(listener.address) === inode) {
        misses = 0
        continue
      }
      if (signal.aborted) break
      if (problem?.isVague && ++misses < maxMisses) continue
      log.warn({ uuid: uuid.toString(), reason: problem?.reason ?? 'the socket was removed' }, 'registration lost')
      if (problem === undefined) await this.#deregister(uuid)
      return false
    }
    return false
  }

  /** Whether osquery still knows us; undefined when it does. */
  async #lookAt(uuid: bigint, signal: AbortSignal): Promise<{ reason: string; isVague: boolean } | undefined> {
    try {
      const listed = (await this.#manager.extensions({ signal })).get(uuid)
      if (listed?.name === this.#options.info.name) return undefined
      return { reason: 'osquery no longer lists the extension', isVague: false }
    } catch (error) {
      const isGone = isCode(error, 'ECONNREFUSED') || isCode(error, 'ENOENT')
      return { reason: reasonOf(error), isVague: !isGone }
    }
  }

  /** Calls under way go on while the next registration is sought. */
  #release({ uuid, listener }: Registration, isStopping: boolean): void {
    const drainMs = this.#options.drainMs ?? defaultDrainMs
    const release = async () => {
      if (isStopping) await this.#deregister(uuid)
      await listener.close(drainMs)
    }
    this.#draining = Promise.all([this.#draining, release()]).then(() => {})
    this.#uuid = 0n
    this.#options.host.session({ uuid: 0n, registrations: this.#registrations })
  }

  async #deregister(uuid: bigint): Promise<void> {
    this.#uuid = 0n
    await this.#manager.deregisterExtension(uuid, { timeoutMs: 2_000 }).catch((error: unknown) => {
      this.#options.log.debug({ uuid: uuid.toString(), reason: reasonOf(error) }, 'could not deregister')
    })
  }

  /** After an announced end: waits until osquery is gone, or back. True when its process, too, has ended. */
  async #isOver(signal: AbortSignal): Promise<boolean> {
    const { isOrphan, intervalMs } = this.#options
    const untilMs = performance.now() + Math.max(intervalMs, 1_000)
    while (!signal.aborted && performance.now() < untilMs) {
      if (isOrphan?.()) return true
      await sleep(patience.firstMs * 5, undefined, { signal }).catch(() => {})
    }
    // The one that started us lives: a watcher, which starts a new worker soon, or starts us again.
    return isOrphan?.() ?? false
  }
}

function reasonOf(error: unknown): string {
  if (isCode(error, 'EACCES')) return `${messageOf(error)}; the socket is for the user osquery runs as: run as the same`
  return messageOf(error)
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** Identity of a socket file; undefined where sockets are no files, or it is gone. */
function inodeOf(address: string): bigint | undefined {
  if (process.platform === 'win32') return undefined
  try {
    return lstatSync(address, { bigint: true }).ino
  } catch {
    return undefined
  }
}

function removeSocket(address: string): boolean {
  try {
    if (!lstatSync(address).isSocket()) return false
    unlinkSync(address)
    return true
  } catch {
    return false
  }
}
