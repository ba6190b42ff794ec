/**
 * A contest: the same job by several commands, in turn, several rounds, equal answers asserted before any time counts.
 */
import { execFileSync, spawnSync } from 'node:child_process'

/** One contender: a shell command, and how its output becomes the answer. */
export interface Contender {
  readonly name: string
  readonly command: string
  readonly answer: (stdout: string) => string
}

/** Times of one contender, seconds, one per round: of a clock on the wall, or of all its processes' CPU. */
export interface Timing {
  readonly name: string
  readonly seconds: readonly number[]
  /** CPU seconds of the command and everything it started, user and system, one per round. */
  readonly cpu: readonly number[]
  /** Output of the last round. */
  readonly stdout: string
}

/** Runs a contest; the first round warms the page cache and is not counted. Throws when answers differ. */
export function contest(contenders: readonly Contender[], rounds: number, clock: 'wall' | 'cpu' = 'wall'): Timing[] {
  const seconds = contenders.map((): number[] => [])
  const cpu = contenders.map((): number[] => [])
  const outputs = contenders.map(() => '')
  for (let round = 0; round <= rounds; round++) {
    for (const [at, contender] of contenders.entries()) {
      const started = process.hrtime.bigint()
      const run = spawnSync('bash', ['-o', 'pipefail', '-c', timed(contender.command)], { maxBuffer: 1 << 30 })
      const passed = Number(process.hrtime.bigint() - started) / 1e9
      if (run.status !== 0) throw new Error(`${contender.name} failed: ${run.stderr.toString().slice(0, 500)}`)
      outputs[at] = run.stdout.toString()
      if (round === 0) continue
      const busy = cpuSeconds(run.stderr.toString())
      seconds[at]?.push(clock === 'wall' ? passed : busy)
      cpu[at]?.push(busy)
    }
    const answers = contenders.map((contender, at) => contender.answer(outputs[at] ?? ''))
    for (const [at, answer] of answers.entries()) {
      if (answer !== answers[0]) throw new Error(`${contenders[at]?.name} answers ${answer}, not ${answers[0]}`)
    }
  }
  return contenders.map((contender, at) => ({
    name: contender.name,
    seconds: seconds[at] ?? [],
    cpu: cpu[at] ?? [],
    stdout: outputs[at] ?? '',
  }))
}

/** The shell writes what the command took, user and system, as the last line of its errors. */
function timed(command: string): string {
  return `TIMEFORMAT='%3U %3S'; time { ${command}\n}`
}

function cpuSeconds(stderr: string): number {
  const last = stderr.trimEnd().split('\n').at(-1) ?? ''
  const [user, system] = last.split(' ').map(Number)
  return (user ?? Number.NaN) + (system ?? Number.NaN)
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** How many times as fast `ours` was as `rival`: the median of the rounds' ratios. */
export function timesAsFast(ours: Timing, rival: Timing): number {
  return median(rival.seconds.map((theirs, round) => theirs / (ours.seconds[round] ?? Number.NaN)))
}

/** CPU time of `ours` as a part of `rival`'s: the median of the rounds' ratios. */
export function cpuRatio(ours: Timing, rival: Timing): number {
  return median(rival.cpu.map((theirs, round) => (ours.cpu[round] ?? Number.NaN) / theirs))
}

/** Whether a program is there. */
export function has(program: string): boolean {
  try {
    execFileSync('bash', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
