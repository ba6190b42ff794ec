/**
 * Threads of the executable: each runs its own bundle, which lies in the file as `threads/<name>.cjs`.
 *
 * A bundle per thread and not the main one again: a thread parses and keeps only what it needs. The thread takes its
 * bundle from the file by itself, so that the main thread never holds a copy of the text.
 */
import { Worker } from 'node:worker_threads'
import { startRuleThreadWith } from '../../extension/rules/scanner.ts'
import { startThreadsWith } from '../../extension/sdk/thread.ts'
import { startStoreThreadWith } from '../../extension/sources/sqlite/store-thread.ts'

/** Runs in the new thread, as a plain script: finds its bundle by the name of the thread. */
const start = `
const { getAsset } = require('node:sea')
const { threadName } = require('node:worker_threads')
const { compileFunction } = require('node:vm')
const file = 'threads/' + threadName + '.cjs'
compileFunction(getAsset(file, 'latin1'), ['require', '__filename'], { filename: file })(require, process.execPath)
`

/** From now on threads of the SDK, and those of rules and databases, run the bundles in this file. */
export function serveThreads(): void {
  startThreadsWith((name, options) => new Worker(start, { ...options, name, eval: true }))
  startRuleThreadWith((options) => new Worker(start, { ...options, eval: true }))
  startStoreThreadWith((options) => new Worker(start, { ...options, eval: true }))
}
