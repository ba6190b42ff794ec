/** Peak of resident memory, MB, of this program alone: what getrusage says includes the process that started it. */
import { readFileSync } from 'node:fs'

/** Megabytes, as Linux counts them; elsewhere what there is. */
export function peakMemory(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return Number(kilobytes) / 1024
}
