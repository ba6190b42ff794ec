/**
 * What happened in a core, in order: for tests that wait for something instead of sleeping.
 */

/** One thing that happened. */
export type CoreEvent =
  | { readonly type: 'started' | 'stopped' | 'killed'; readonly socket: string }
  | { readonly type: 'registered'; readonly uuid: bigint; readonly name: string }
  | { readonly type: 'refused'; readonly name: string; readonly message: string }
  | { readonly type: 'removed'; readonly uuid: bigint; readonly name: string; readonly reason: RemovalReason }
  | { readonly type: 'pinged'; readonly uuid: bigint; readonly name: string }
  | {
      readonly type: 'call'
      readonly uuid: bigint
      readonly registry: string
      readonly item: string
      readonly request: Readonly<Record<string, string>>
    }

/** Why a registration ended: the extension asked for it, did not answer a ping, or a test dropped it. */
export type RemovalReason = 'deregistered' | 'gone' | 'dropped'

/** How long a wait may last. */
export interface Patience {
  readonly timeoutMs?: number
}

/** Events kept for reading later; a core that runs longer forgets the oldest. */
const kept = 10_000
const defaultTimeoutMs = 10_000

/** Events of a core, past and to come. */
export class CoreEvents implements AsyncIterable<CoreEvent> {
  readonly #past: CoreEvent[] = []
  readonly #listeners = new Set<(event: CoreEvent) => void>()

  /** What has happened so far, oldest first. */
  get past(): readonly CoreEvent[] {
    return this.#past
  }

  /** Calls back for each event from now on; the result ends it. */
  listen(listener: (event: CoreEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The first event from now on that fits; rejects after a while. */
  async next(fits: (event: CoreEvent) => boolean, { timeoutMs = defaultTimeoutMs }: Patience = {}): Promise<CoreEvent> {
    const { promise, resolve, reject } = Promise.withResolvers<CoreEvent>()
    const timer = setTimeout(() => reject(new Error(`no such event within ${timeoutMs} ms`)), timeoutMs)
    const end = this.listen((event) => {
      if (fits(event)) resolve(event)
    })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      end()
    }
  }

  /** Events from now on, until the reader leaves. */
  async *[Symbol.asyncIterator](): AsyncGenerator<CoreEvent, void, undefined> {
    const waiting: CoreEvent[] = []
    let wake = Promise.withResolvers<void>()
    const end = this.listen((event) => {
      waiting.push(event)
      wake.resolve()
    })
    try {
      for (;;) {
        await wake.promise
        wake = Promise.withResolvers()
        yield* waiting.splice(0)
      }
    } finally {
      end()
    }
  }

  /** For the core: something happened. */
  emit(event: CoreEvent): void {
    this.#past.push(event)
    if (this.#past.length > kept) this.#past.shift()
    for (const listener of [...this.#listeners]) listener(event)
  }
}
