/**
 * The thread that runs rules: compiles once, then scans what it is given, one file at a time.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { FromThread, ThreadSetup, ToThread } from './messages.ts'
import { CompiledRules } from './yara.ts'
import { yaraModule } from './yara-module.ts'

const { rules, timeoutMs } = workerData as ThreadSetup // from scanner.ts
const compiled = new CompiledRules(yaraModule(), rules, timeoutMs)
const answer = (message: FromThread) => parentPort?.postMessage(message)

parentPort?.on('message', ({ bytes }: ToThread) => {
  try {
    answer({ kind: 'scanned', matches: compiled.scan(bytes), memoryBytes: compiled.memoryBytes })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    answer({ kind: 'failed', message, memoryBytes: compiled.memoryBytes })
  }
})
answer({ kind: 'ready', problems: compiled.problems })
