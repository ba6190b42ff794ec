/**
 * An alarm that rings when the test says so.
 */
import type { Alarm } from '../../../extension/runtime/clock.ts'

/** Alarms that were asked for. */
export class HeldAlarm implements Alarm {
  readonly #set = new Map<object, { readonly ms: number; readonly ring: () => void }>()

  after(ms: number, ring: () => void): () => void {
    const key = {}
    this.#set.set(key, { ms, ring })
    return () => this.#set.delete(key)
  }

  /** Milliseconds of those that wait. */
  get waits(): readonly number[] {
    return [...this.#set.values()].map(({ ms }) => ms)
  }

  /** Rings all that wait now. */
  ring(): void {
    const due = [...this.#set.values()]
    this.#set.clear()
    for (const { ring } of due) ring()
  }
}
