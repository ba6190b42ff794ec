/**
 * A contest: the same job by several commands, in turn, several rounds, equal answers asserted before any time counts.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keepContest, type Work } from './record.ts'

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

/** Of one run of a command. */
interface Run {
  readonly stdout: string
  readonly wall: number
  readonly cpu: number
  /** How long each ping of the event loop waited, milliseconds, where the program tells (`pings.ts`). */
  readonly pings: readonly number[]
}

/**
 * Runs a contest; the first round warms the page cache and is not counted. Throws when answers differ. Named as a work,
 * it is kept for the summary.
 */
export function contest(
  contenders: readonly Contender[],
  rounds: number,
  clock: 'wall' | 'cpu' = 'wall',
  work?: Work,
): Timing[] {
  const runs = contenders.map((): Run[] => [])
  const outputs = contenders.map(() => '')
  for (let round = 0; round <= rounds; round++) {
    for (const [at, contender] of contenders.entries()) {
      const run = runOf(contender)
      outputs[at] = run.stdout
      if (round > 0) runs[at]?.push(run)
    }
    const answers = contenders.map((contender, at) => contender.answer(outputs[at] ?? ''))
    for (const [at, answer] of answers.entries()) {
      if (answer !== answers[0]) throw new Error(`${contenders[at]?.name} answers ${answer}, not ${answers[0]}`)
    }
  }
  if (work !== undefined) keep(work, contenders, runs)
  return contenders.map((contender, at) => ({
    name: contender.name,
    seconds: (runs[at] ?? []).map((run) => run[clock]),
    cpu: (runs[at] ?? []).map((run) => run.cpu),
    stdout: outputs[at] ?? '',
  }))
}

/** Runs one command once, for what takes too long or cannot be repeated; kept for the summary. Gives its output. */
export function runOnce(work: Work, name: string, command: string): string {
  const contender: Contender = { name, command, answer: () => '' }
  const run = runOf(contender)
  keep(work, [contender], [[run]])
  return run.stdout
}

function runOf({ name, command }: Contender): Run {
  const folder = mkdtempSync(join(tmpdir(), 'threecx-bench-pings-'))
  try {
    const report = join(folder, 'pings.json')
    const started = process.hrtime.bigint()
    const run = spawnSync('bash', ['-o', 'pipefail', '-c', timed(command)], {
      maxBuffer: 1 << 30,
      env: { ...process.env, THREECX_BENCH_PINGS: report },
    })
    const wall = Number(process.hrtime.bigint() - started) / 1e9
    const stderr = run.stderr.toString()
    if (run.status !== 0) throw new Error(`${name} failed: ${stderr.slice(0, 500)}`)
    const pings = existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as number[]) : []
    return { stdout: run.stdout.toString(), wall, cpu: cpuSeconds(stderr), pings }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function keep(work: Work, contenders: readonly Contender[], runs: readonly (readonly Run[])[]): void {
  keepContest(work, {
    contenders: contenders.map(({ name }, at) => {
      const own = runs[at] ?? []
      const pings = own.flatMap((run) => run.pings)
      const times = { name, wall: own.map((run) => run.wall), cpu: own.map((run) => run.cpu) }
      return pings.length > 0 ? { ...times, pings } : times
    }),
  })
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

/** The middle value; of an even number the mean of the two in the middle, so that no side is favoured. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
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
