/**
 * Threads of the executable: each runs its own bundle, which lies in the file as `threads/<name>.cjs`.
 *
 * A bundle per thread and not the main one again: a thread parses and keeps only what it needs.
 */
import { Worker } from 'node:worker_threads'
import { shippedText } from '../../extension/runtime/resources.ts'
import { startThreadsWith } from '../../extension/sdk/thread.ts'

/** From now on threads of the SDK run the bundles in this file. */
export function serveThreads(): void {
  startThreadsWith((name, options) => new Worker(shippedText(`threads/${name}.cjs`), { ...options, name, eval: true }))
}
