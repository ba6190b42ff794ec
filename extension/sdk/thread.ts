/**
 * The package's worker threads: which module each one runs, and a way for a bundle to say otherwise.
 *
 * A program bundled into one file has no modules to point a worker at. It gives its own starter before anything else
 * of this package is used: one that runs the bundle again and lets it find its part by the thread's name.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads'

/** The threads this package starts: the embedded SQL engine, and the one where plugins run. */
export type ThreadName = 'sql' | 'plugins'

/** Starts one thread. */
export type ThreadStarter = (name: ThreadName, options: WorkerOptions) => Worker

const modules: Readonly<Record<ThreadName, URL>> = {
  sql: new URL('./sql/worker.ts', import.meta.url),
  plugins: new URL('./host/worker.ts', import.meta.url),
}

let starter: ThreadStarter = (name, options) => new Worker(modules[name], options)

/** Starts a thread of this package. */
export function startThread(name: ThreadName, options: WorkerOptions): Worker {
  return starter(name, { name, ...options })
}

/** Replaces how threads are started, for the whole process; for bundles. */
export function startThreadsWith(replacement: ThreadStarter): void {
  starter = replacement
}
