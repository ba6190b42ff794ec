/**
 * Real processes that look like parts of the attack and do nothing but wait: for tests on a live Linux.
 *
 * Each has a process group of its own, which is ended as a whole and by its number alone. Whoever dies with the tests
 * unended waits ten minutes at most.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Seconds that a process waits for its end. */
export const patienceSeconds = 600

/** Processes that were started and not yet ended. */
export class LiveProcesses {
  readonly #running = new Set<ChildProcess>()

  /** Starts a program; it runs by the time this resolves. */
  async start(file: string, args: readonly string[], argument0 = file): Promise<number> {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'], detached: true, argv0: argument0 })
    await once(child, 'spawn') // after the exec, not before it
    this.#running.add(child)
    return child.pid ?? 0
  }

  /**
   * Starts a Python that copies bytes into executable memory of no file and says its number when they are there. Its
   * memory can be read by whoever may read that of the tests.
   */
  async startWithMemory(bytes: Uint8Array): Promise<number> {
    const child = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
    await once(child, 'spawn')
    this.#running.add(child)
    child.stdin.end(bytes)
    for await (const line of createInterface({ input: child.stdout })) return Number(line)
    throw new Error('python3 ended before it had the memory')
  }

  /** Ends all, and resolves when they are gone. */
  async end(): Promise<void> {
    for (const child of this.#running) {
      const gone = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined
      if (gone && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      await gone
    }
    this.#running.clear()
  }
}

const program = `
import mmap, os, signal, sys
data = sys.stdin.buffer.read()
memory = mmap.mmap(-1, len(data) + 8192, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
memory[4096:4096 + len(data)] = data
print(os.getpid(), flush=True)
signal.alarm(${patienceSeconds})
signal.pause()
`
