/**
 * The sinks in force: opened, each with its delivery loop, replaced one by one when the configuration changes.
 *
 * A sink keeps its name and so its place in the spool through every change of its options.
 */
import type { ConfiguredSink } from './configuration/read-configuration.ts'
import { bytes, milliseconds } from './configuration/units.ts'
import { Delivery, type DeliveryOptions, type DeliveryServices, type DeliveryStanding } from './delivery/delivery.ts'
import type { Sink, SinkContext } from './sinks/sink.ts'

interface Outlet {
  readonly configured: ConfiguredSink
  readonly sink: Sink
  readonly delivery: Delivery
  readonly stop: AbortController
  readonly abandon: AbortController
  readonly running: Promise<void>
}

/** Milliseconds that a sink which is replaced gets for the batch under way. */
const replaceMs = 5_000
/** Milliseconds after which a loop that the spool failed starts again. */
const restartMs = 5_000

/** All sinks with their loops. */
export class Outlets {
  readonly #services: DeliveryServices
  readonly #context: (name: string) => SinkContext
  #outlets: readonly Outlet[] = []

  constructor(services: DeliveryServices, context: (name: string) => SinkContext) {
    this.#services = services
    this.#context = context
  }

  standings(): readonly DeliveryStanding[] {
    return this.#outlets.map(({ delivery }) => delivery.standing())
  }

  /**
   * Puts these sinks in force. A sink that cannot be opened is thrown as it came, and those from before are in force
   * again.
   */
  async apply(sinks: readonly ConfiguredSink[]): Promise<void> {
    const before = this.#outlets
    const kept = before.filter(({ configured }) => sinks.some((sink) => isSame(sink, configured)))
    const leaving = before.filter((outlet) => !kept.includes(outlet))
    await this.#end(leaving, replaceMs)
    const coming = sinks.filter((sink) => !kept.some(({ configured }) => isSame(sink, configured)))
    this.#outlets = kept
    try {
      const opened = await this.#open(coming)
      this.#services.spool.setSinks(sinks.map(({ name }) => name))
      this.#outlets = [...kept, ...opened.map(({ configured, sink }) => this.#start(configured, sink))]
    } catch (cause) {
      const restored = await this.#open(leaving.map(({ configured }) => configured))
      this.#outlets = [...kept, ...restored.map(({ configured, sink }) => this.#start(configured, sink))]
      throw cause
    }
  }

  /** Delivers what waits for as long as `deadlineMs` allows, then closes everything. */
  async close(deadlineMs: number): Promise<void> {
    const outlets = this.#outlets
    this.#outlets = []
    await this.#end(outlets, deadlineMs)
  }

  async #open(sinks: readonly ConfiguredSink[]): Promise<{ configured: ConfiguredSink; sink: Sink }[]> {
    const opened: { configured: ConfiguredSink; sink: Sink }[] = []
    try {
      for (const configured of sinks) {
        const { definition, options, name } = configured
        opened.push({ configured, sink: await definition.open(options, this.#context(name)) })
      }
      return opened
    } catch (cause) {
      await Promise.allSettled(opened.map(({ sink }) => sink.close()))
      throw cause
    }
  }

  #start(configured: ConfiguredSink, sink: Sink): Outlet {
    const stop = new AbortController()
    const abandon = new AbortController()
    const delivery = new Delivery(sink, deliveryOptions(configured.deliver), this.#services)
    const running = this.#keepRunning(delivery, stop.signal, abandon.signal)
    return { configured, sink, delivery, stop, abandon, running }
  }

  /** The loop ends by itself only when the spool fails: then it is told and tried again. */
  async #keepRunning(delivery: Delivery, stop: AbortSignal, abandon: AbortSignal): Promise<void> {
    while (!abandon.aborted) {
      try {
        await delivery.run(stop, abandon)
        return
      } catch (err) {
        this.#services.log.error({ err, sink: delivery.standing().sink }, 'the spool cannot be read for a sink')
        if (stop.aborted) return
        const { promise, resolve } = Promise.withResolvers<void>()
        const callOff = this.#services.alarm.after(restartMs, resolve)
        stop.addEventListener('abort', () => resolve(), { once: true })
        await promise
        callOff()
      }
    }
  }

  async #end(outlets: readonly Outlet[], deadlineMs: number): Promise<void> {
    for (const { stop } of outlets) stop.abort()
    const timer = setTimeout(() => {
      for (const { abandon } of outlets) abandon.abort(new Error('the deadline of the stop passed'))
    }, deadlineMs)
    await Promise.allSettled(outlets.map(({ running }) => running))
    clearTimeout(timer)
    await Promise.allSettled(outlets.map(({ sink }) => sink.close()))
  }
}

function isSame(a: ConfiguredSink, b: ConfiguredSink): boolean {
  return a.name === b.name && a.said === b.said && JSON.stringify(a.deliver) === JSON.stringify(b.deliver)
}

function deliveryOptions(deliver: ConfiguredSink['deliver']): DeliveryOptions {
  return {
    maxEvents: deliver.max_events,
    maxBytes: bytes(deliver.max_bytes),
    lingerMs: milliseconds(deliver.linger),
    timeoutMs: milliseconds(deliver.timeout),
    minMs: milliseconds(deliver.retry_min),
    maxMs: milliseconds(deliver.retry_max),
    openAfter: deliver.open_after,
  }
}
