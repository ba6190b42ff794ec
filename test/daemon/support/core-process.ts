/**
 * The testing core as a process of its own, with an extension that it starts: what only a process can show, such as
 * being killed in the middle of a query.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const main = join(import.meta.dirname, '../../../extension/sdk/testing/main.ts')

type Event = Readonly<Record<string, unknown>>

/** A core that runs until it is ended, or ends itself. */
export class CoreProcess implements AsyncDisposable {
  readonly child: ChildProcess
  readonly #events: Event[] = []
  readonly #waiting = new Set<() => void>()

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'pipe', 'ignore'] })
    if (!this.child.stdout) throw new Error('there is no stdout')
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.#events.push(JSON.parse(line) as Event)
      for (const wake of this.#waiting) wake()
    })
  }

  /** Starts one; resolves when it listens, and when the extension is registered, where there is one. */
  static async start(
    socket: string,
    extension?: { readonly file: string; readonly name: string },
  ): Promise<CoreProcess> {
    const started = new CoreProcess([
      ...['--socket', socket, '--interval', '200', '--respawn', '600000'],
      ...(extension ? ['--extension', extension.file] : []),
    ])
    await started.event(({ event }) => event === 'started')
    if (extension) await started.event(({ event, name }) => event === 'registered' && name === extension.name)
    return started
  }

  /** The next event that fits; those before it are gone. */
  async event(fits: (event: Event) => boolean): Promise<Event> {
    for (;;) {
      const at = this.#events.findIndex(fits)
      const found = this.#events[at]
      if (found) {
        this.#events.splice(0, at + 1)
        return found
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      await promise
      this.#waiting.delete(resolve)
    }
  }

  /** Ends it as osquery ends, or by a signal; resolves when it is gone. */
  async end(signal?: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = once(this.child, 'exit')
    if (signal) this.child.kill(signal)
    else this.child.stdin?.end()
    await gone
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }
}
