/**
 * The main side of the mailbox: at most one request is open, and each is answered exactly once.
 *
 * The worker sleeps while it waits. It is answered by the table or by the abort of the query, whichever comes first;
 * what a table gives after that is dropped.
 */
import type { MessagePort } from 'node:worker_threads'
import { ConstraintError } from '../writer.ts'
import { type Answer, answerFlag, type RowBatch, type Written } from './protocol.ts'

/** The requests of one query after the other. */
export class Mailbox {
  readonly #port: MessagePort
  readonly #flags: Int32Array
  #open: number | undefined
  #stopped: { readonly error: unknown } | undefined
  #failure: unknown

  constructor(port: MessagePort, flags: Int32Array) {
    this.#port = port
    this.#flags = flags
  }

  /** What a table threw in this query. */
  get failure(): unknown {
    return this.#failure
  }

  /** Why the query must end, if it must. */
  get stopped(): { readonly error: unknown } | undefined {
    return this.#stopped
  }

  /** A query begins. */
  begin(): void {
    this.#stopped = undefined
    this.#failure = undefined
  }

  /** Answers a request with what the work gives; at once when the query was stopped before. */
  answer(pull: number, work: () => Promise<RowBatch | Written>): void {
    this.#open = pull
    if (this.#stopped) {
      this.#settle(pull, this.#stopped)
      return
    }
    work().then(
      (result) => this.#settle(pull, result),
      (error: unknown) => this.#settle(pull, { error }),
    )
  }

  /** The query is aborted: the worker does not wait any longer. */
  stop(error: unknown): void {
    this.#stopped = { error }
    if (this.#open !== undefined) this.#settle(this.#open, this.#stopped)
  }

  /** The query has ended: nobody waits. */
  end(): void {
    this.#open = undefined
  }

  #settle(pull: number, result: RowBatch | Written | { readonly error: unknown }): void {
    if (this.#open !== pull) return
    this.#open = undefined
    if ('error' in result) {
      this.#failure = result.error
      this.#post({ pull, ...refusal(result.error) })
    } else this.#post({ pull, ...result })
  }

  #post(answer: Answer): void {
    try {
      this.#port.postMessage(answer)
    } catch (error) {
      this.#port.postMessage({ pull: answer.pull, ...refusal(error) } satisfies Answer)
    }
    Atomics.add(this.#flags, answerFlag, 1)
    Atomics.notify(this.#flags, answerFlag)
  }
}

function refusal(error: unknown) {
  const message = error instanceof Error ? error.message || error.name : String(error)
  return { error: message, isConstraint: error instanceof ConstraintError }
}
