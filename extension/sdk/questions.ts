/**
 * What plugins ask osquery while osquery may be waiting for them.
 *
 * A question opens a connection of its own and osquery answers it in a thread of its own, so a table may ask from
 * inside `generate`. Three things would still do harm, and are refused before anything is sent: a question during the
 * registration, which osquery answers only when that is over; one about this extension's own tables, which would wait
 * for itself when all its calls are taken; and many at once. osquery does not notice that a caller has left and goes on
 * with what it was asked, so after a question that was not answered in time it gets a rest.
 */
import type { ManagerClient, TextRow } from './client.ts'
import { Gate, type GateLimits } from './guard/gate.ts'
import { type ExchangeOptions, TimeoutError } from './transport/exchange.ts'

/** Bounds of all questions of one extension. */
export interface QuestionLimits extends GateLimits {
  /** Milliseconds for a question, the time it waits for its turn not counted. */
  readonly timeoutMs: number
  /** Largest answer in bytes. */
  readonly maxBytes: number
  /** Milliseconds without questions after one that was not answered in time. */
  readonly restMs: number
}

/** Bounds unless told otherwise. A small query takes 10 to 20 ms, one of a thousand rows about 50. */
export const defaultQuestionLimits: QuestionLimits = {
  concurrency: 2,
  queue: 8,
  timeoutMs: 10_000,
  maxBytes: 16 * 1024 * 1024,
  restMs: 30_000,
}

/** A question that was not sent. The message says why. */
export class UnaskedError extends Error {
  override readonly name = 'UnaskedError'
}

/** What is known where questions are asked. */
export interface QuestionSource {
  readonly manager: ManagerClient
  /** Whether osquery has this extension registered now. */
  isRegistered(): boolean
  /** Names and aliases of this extension's tables. */
  ownTables(): readonly string[]
}

/** Asks osquery, within bounds. */
export class Questions {
  readonly #source: QuestionSource
  readonly #limits: QuestionLimits
  readonly #gate: Gate
  #restUntilMs = 0

  constructor(source: QuestionSource, limits: Partial<QuestionLimits> = {}) {
    this.#source = source
    this.#limits = { ...defaultQuestionLimits, ...limits }
    this.#gate = new Gate('osquery', this.#limits)
  }

  /**
   * Rows of a query, all columns as text. Rejects with osquery's message (StatusError), when nobody answers in time
   * (TimeoutError), when too many wait (BusyError), and when the question must not be asked (UnaskedError).
   */
  async ask(sql: string, options: ExchangeOptions = {}): Promise<readonly TextRow[]> {
    this.#refuse(sql)
    const { timeoutMs, maxBytes } = this.#limits
    return await this.#gate.run(options.signal ?? new AbortController().signal, async () => {
      this.#refuse(sql) // it may have waited
      try {
        return await this.#source.manager.query(sql, { timeoutMs, maxBytes, ...options })
      } catch (error) {
        if (error instanceof TimeoutError) this.#restUntilMs = performance.now() + this.#limits.restMs
        throw error
      }
    })
  }

  #refuse(sql: string): void {
    if (!this.#source.isRegistered()) {
      throw new UnaskedError('cannot ask osquery: this extension is not registered with it; ask again in a few seconds')
    }
    const own = namedTable(sql, this.#source.ownTables())
    if (own !== undefined) {
      throw new UnaskedError(`cannot ask osquery for ${own}, a table of this extension: it would wait for itself`)
    }
    const restMs = this.#restUntilMs - performance.now()
    if (restMs > 0) {
      const seconds = Math.ceil(restMs / 1000)
      throw new UnaskedError(`cannot ask osquery for another ${seconds} s: it did not answer the last question in time`)
    }
  }
}

/** Strings (which SQLite takes for names, too), quoted names, comments, words. */
const token =
  /'((?:[^']|'')*)'|"((?:[^"]|"")*)"|`([^`]*)`|\[([^\]]*)\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|([\p{L}_][\p{L}\p{N}_$]*)/gu

/** The first of the tables that a statement names anywhere; may name one that it does not read, never the reverse. */
function namedTable(sql: string, tables: readonly string[]): string | undefined {
  const known = new Map(tables.map((name) => [name.toLowerCase(), name]))
  for (const [, string, double, back, bracket, word] of sql.matchAll(token)) {
    const name = string ?? double ?? back ?? bracket ?? word
    const found = name === undefined ? undefined : known.get(name.toLowerCase())
    if (found !== undefined) return found
  }
  return undefined
}
