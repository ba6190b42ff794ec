/**
 * What this process holds of the system: descriptors, threads, memory. Linux only.
 */
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'

/** Files below a directory that are open. */
export function openBelow(directory: string): string[] {
  const targets = readdirSync('/proc/self/fd').map((number) => said(() => readlinkSync(`/proc/self/fd/${number}`)))
  return targets.filter((target) => target.startsWith(directory))
}

/** Names that the native engine gives to its threads. */
const names: ReadonlySet<string> = new Set(['walk', 'digest', 'read', 'search', 'stat', 'settled', 'contents'])

/** Threads of the native engine. */
export function engineThreads(): string[] {
  const running = readdirSync('/proc/self/task').map((id) =>
    said(() => readFileSync(`/proc/self/task/${id}/comm`, 'utf8')),
  )
  return running.map((name) => name.trim()).filter((name) => names.has(name))
}

/** Forgets how much memory there was at the most. */
export function forgetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5')
}

/** Bytes of memory at the most since then. */
export function peakMemory(): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
}

/** What may be gone by the time it is looked at. */
function said(look: () => string): string {
  try {
    return look()
  } catch {
    return ''
  }
}
