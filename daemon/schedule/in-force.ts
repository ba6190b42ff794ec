/**
 * Which queries are in force on this host: by platform and shard once, by version and discovery when they are due.
 *
 * Discovery asks the engine, at most once an hour for each pack, as osquery does. Whether the engine is there is
 * another question: when it is not, the caller hears it and asks again later.
 */
import type { Platform } from '../../extension/domain/platform.ts'
import { type Engine, EngineError, type QueryBudget } from '../engine/engine.ts'
import { hostShard, isAtLeast } from './restrictions.ts'
import type { ScheduledQuery } from './scheduled-query.ts'

/** This host. */
export interface Host {
  readonly name: string
  readonly platform: Platform
}

/** Seconds that an answer about version or discovery holds; osquery's `pack_refresh_interval`. */
export const refreshSeconds = 3600

/** Discovery wants to know whether there is a row. */
const discoveryBudget: QueryBudget = { maxRows: 1, maxCellBytes: 1024, maxBytes: 1024 * 1024 }
/** Milliseconds for one question. */
const questionMs = 60_000

interface Remembered<T> {
  readonly asked: number
  readonly answer: T
}

/** Decides for one host and one engine. */
export class InForce {
  readonly #engine: Engine
  readonly #host: Host
  readonly #shard: number
  #version: Remembered<string> | undefined
  readonly #discoveries = new Map<string, Remembered<string | undefined>>()

  constructor(engine: Engine, host: Host) {
    this.#engine = engine
    this.#host = host
    this.#shard = hostShard(host.name)
  }

  /** Why a query never runs on this host; undefined when it may. */
  whyNever({ platforms, shard }: ScheduledQuery): string | undefined {
    const { platform } = this.#host
    if (platforms.length > 0 && !platforms.includes(platform)) return `for ${platforms.join(', ')}; this is ${platform}`
    if (shard !== undefined && shard > 0 && shard < this.#shard) {
      return `for shards up to ${shard}; this host is in shard ${this.#shard}`
    }
    return undefined
  }

  /** Why a query does not run now; undefined when it does. Throws EngineError when the engine cannot be asked. */
  async whyNotNow(
    { version, discovery }: ScheduledQuery,
    now: number,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (version !== undefined) {
      const found = await this.#engineVersion(now, signal)
      if (!isAtLeast(found, version)) return `for version ${version} or later; the engine is ${found}`
    }
    return discovery.length === 0 ? undefined : await this.#undiscovered(discovery, now, signal)
  }

  /** Everything is asked again: tables may have come. */
  forget(): void {
    this.#version = undefined
    this.#discoveries.clear()
  }

  async #engineVersion(now: number, signal: AbortSignal): Promise<string> {
    if (this.#version !== undefined && isFresh(this.#version, now)) return this.#version.answer
    const answer = await this.#engine.version(withDeadline(signal))
    this.#version = { asked: now, answer }
    return answer
  }

  async #undiscovered(discovery: readonly string[], now: number, signal: AbortSignal): Promise<string | undefined> {
    const key = JSON.stringify(discovery)
    const known = this.#discoveries.get(key)
    if (known !== undefined && isFresh(known, now)) return known.answer
    let answer: string | undefined
    for (const sql of discovery) {
      answer = await this.#whyUndiscovered(sql, signal)
      if (answer !== undefined) break
    }
    this.#discoveries.set(key, { asked: now, answer })
    return answer
  }

  async #whyUndiscovered(sql: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      const { rows } = await this.#engine.query(sql, discoveryBudget, withDeadline(signal))
      return rows.length > 0 ? undefined : `discovery gave no row: ${sql}`
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof EngineError && error.code !== 'unreachable') return `discovery failed: ${error.message}`
      throw error
    }
  }
}

function withDeadline(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(questionMs)])
}

/** An answer from the future is none: the clock was put back. */
function isFresh({ asked }: Remembered<unknown>, now: number): boolean {
  return now >= asked && now - asked < refreshSeconds
}
