/**
 * Time that passes when the test says so: a clock that can be set, and alarms that go by another, as in a real machine.
 */
import { setImmediate } from 'node:timers/promises'
import type { Alarm, Clock } from '../../../extension/runtime/clock.ts'

/** A clock and its alarms. */
export class SimulatedTime implements Clock, Alarm {
  #elapsedMs = 0
  #offsetMs: number
  readonly #alarms = new Map<object, { readonly atMs: number; readonly ring: () => void }>()
  /** How often an alarm rang: what waiting costs. */
  rings = 0

  constructor(startIso: string) {
    this.#offsetMs = Date.parse(startIso)
  }

  nowMs(): number {
    return this.#offsetMs + this.#elapsedMs
  }

  get nowSeconds(): number {
    return Math.floor(this.nowMs() / 1000)
  }

  after(ms: number, ring: () => void): () => void {
    const key = {}
    this.#alarms.set(key, { atMs: this.#elapsedMs + ms, ring })
    return () => this.#alarms.delete(key)
  }

  /** Passes time; every alarm rings at its moment. */
  async pass(seconds: number): Promise<void> {
    const end = this.#elapsedMs + seconds * 1000
    await settled()
    for (;;) {
      const [key, next] = [...this.#alarms].sort(([, a], [, b]) => a.atMs - b.atMs)[0] ?? []
      if (key === undefined || next === undefined || next.atMs > end) break
      this.#alarms.delete(key)
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs)
      this.rings++
      next.ring()
      await settled()
    }
    this.#elapsedMs = end
  }

  /** Somebody sets the clock; alarms do not care. A machine that slept looks the same: its timers stood still. */
  jump(seconds: number): void {
    this.#offsetMs += seconds * 1000
  }
}

/** Everything that only waits for other promises has gone on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await setImmediate()
}
