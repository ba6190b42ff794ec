/**
 * One resident hunt after the other, each over its own indicators: a question is answered by one of them from its
 * beginning to its end.
 *
 * The newer hunt takes over between two calls. The older one begins no pass any more and ends the one that runs, but
 * finishes what it was asked, which takes no longer than the deadline of a table call; then it is closed.
 */
import type { Rulebook } from '../rules/open-rules.ts'
import type { Alarm } from '../runtime/clock.ts'
import type { TableServices } from '../tables/index.ts'
import type { Resident } from './resident.ts'

/** A hunt, what answers from it, and what only it uses. */
export interface Generation {
  readonly hunter: Resident
  readonly services: TableServices
  readonly rules: Rulebook
}

/** The deadline of a table call is a minute (`sdk/plugins/table.ts`); a call that does not hear it gets a little more. */
const drainMs = 75_000

/** Keeps the hunt in force and those that are ending. */
export class Generations {
  readonly #alarm: Alarm
  readonly #ending = new Map<Generation, () => void>()
  #current: Generation

  constructor(first: Generation, alarm: Alarm) {
    this.#current = first
    this.#alarm = alarm
  }

  /** The one that answers. */
  get current(): Generation {
    return this.#current
  }

  /** Lets another one answer from now on, and sweep. */
  replace(next: Generation): void {
    const old = this.#current
    this.#current = next
    old.hunter.retire()
    next.hunter.start()
    this.#ending.set(
      old,
      this.#alarm.after(drainMs, () => {
        this.#ending.delete(old)
        void end(old)
      }),
    )
  }

  /** Ends all of them. */
  async close(): Promise<void> {
    for (const callOff of this.#ending.values()) callOff()
    await Promise.all([this.#current, ...this.#ending.keys()].map(end))
  }
}

async function end({ hunter, rules }: Generation): Promise<void> {
  await hunter.close()
  await rules.close()
}
