/**
 * The real daemon in a process of its own, and what it says, line by line.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { launcher } from '../command.ts'

/** A running daemon. */
export class DaemonProcess {
  readonly child: ChildProcess
  readonly stdout: string[] = []
  readonly stderr: string[] = []
  readonly #ended: Promise<number | null>
  #wake = Promise.withResolvers<void>()

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, [launcher, 'daemon', ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child = child
    for (const [stream, lines] of [
      [child.stdout, this.stdout],
      [child.stderr, this.stderr],
    ] as const) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line)
        this.#wake.resolve()
        this.#wake = Promise.withResolvers()
      })
    }
    this.#ended = new Promise((resolve) => {
      child.on('close', (code) => {
        resolve(code)
        this.#wake.resolve()
      })
    })
  }

  /** Waits until `isSeen` holds of what was said; fails with everything said when the process ends before, or in time. */
  async until(isSeen: (daemon: DaemonProcess) => boolean, timeoutMs = 150_000): Promise<void> {
    const deadline = AbortSignal.timeout(timeoutMs)
    const late = new Promise<void>((resolve) => deadline.addEventListener('abort', () => resolve(), { once: true }))
    while (!isSeen(this)) {
      if (deadline.aborted || this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`not seen; stdout:\n${this.stdout.join('\n')}\nstderr:\n${this.stderr.join('\n')}`)
      }
      await Promise.race([this.#wake.promise, late])
    }
  }

  /** Kills it as the kernel would, or asks it to end; resolves to its exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal)
    return await this.#ended
  }
}
