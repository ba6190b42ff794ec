/** The table of a contest by the clock on the wall, with CPU-seconds beside it: ours first, each rival compared with it. */
import { cpuRatio, median, type Timing, timesAsFast } from './contest.ts'
import type { Say } from './part.ts'

/** Says it. */
export function sayWallTable(title: string, target: string, timings: readonly Timing[], say: Say): void {
  const [our, ...others] = timings
  if (!our) return
  say(
    `\n## ${title}\n\nTarget: ${target}.\n\n| command | s | min | max | times | CPU, s | our CPU / its |\n|---|---|---|---|---|---|---|`,
  )
  say(row(our, undefined))
  for (const other of others) say(row(other, our))
}

function row(timing: Timing, our: Timing | undefined): string {
  const { seconds, cpu } = timing
  const cells = [median(seconds), Math.min(...seconds), Math.max(...seconds)].map((one) => one.toFixed(3))
  const compared = our ? [timesAsFast(our, timing), cpuRatio(our, timing)].map((one) => one.toFixed(2)) : ['', '']
  cells.push(compared[0] ?? '', median(cpu).toFixed(3), compared[1] ?? '')
  return `| ${timing.name.replaceAll('|', '\\|')} | ${cells.join(' | ')} |`
}
