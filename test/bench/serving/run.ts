/**
 * The serving contest: rows through the socket, small calls, and the start, beside the other ways to write an extension.
 *
 * All servers run at once and are asked in turn by the same client, round after round, so that a disturbance of the
 * machine meets all of them; ratios are medians of the rounds' ratios. Rows are compared before times.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../contest.ts'
import { ask, type ClientAnswer } from './answers.ts'
import { type Contender, contenders } from './contenders.ts'
import { type RunningServer, startServer } from './servers.ts'

/** Requests of one latency measurement, and those before it that do not count. */
const calls = 2000
const warmCalls = 200
const starts = 9

interface Entry {
  readonly contender: Contender
  readonly server: RunningServer
  readonly answers: ClientAnswer[]
  /** Mebibytes after each round. */
  readonly peaks: number[]
}

/** Runs everything and says the results. */
export async function serving(base: string, rounds: number, say: (line: string) => void): Promise<void> {
  mkdirSync(base, { recursive: true })
  const all = await contenders(base, say)
  const entries: Entry[] = []
  for (const contender of all) entries.push({ contender, server: await startServer(contender), answers: [], peaks: [] })
  try {
    await manyRows(
      entries.filter(({ contender }) => contender.hasRows),
      rounds,
      say,
    )
    await smallCalls(entries, say)
  } finally {
    await Promise.all(entries.map(({ server }) => server.stop()))
  }
  const held = Number(readFileSync(join(base, 'held'), 'utf8'))
  say(`\nThe serving thread of this SDK was held for ${held.toFixed(1)} ms at most in all of this; target: 50.`)
  await startTimes(
    all.filter(({ isPlain }) => !isPlain),
    say,
  )
}

async function manyRows(entries: readonly Entry[], rounds: number, say: (line: string) => void): Promise<void> {
  for (let round = 0; round <= rounds; round++) {
    for (const { contender, server, answers, peaks } of entries) {
      const answer = await ask(server, 'generate', { table: 'bench_rows' })
      const expected = entries[0]?.answers[0] ?? answer
      if (answer.digest !== expected.digest || answer.rows !== expected.rows) {
        throw new Error(`${contender.name} answers other rows: ${answer.rows}, ${answer.digest}`)
      }
      answers.push(answer)
      peaks.push(server.peak())
      if (round === 0 && contender.measuresItself) server.signal('SIGUSR2')
    }
  }
  const [ours] = entries
  if (!ours) return
  const { rows, bytes } = ours.answers[0] ?? { rows: 0, bytes: 0 }
  say(`
## ${rows.toLocaleString('en')} rows of 16 columns, ${Math.round(bytes / rows)} bytes each

Target: npm thrift at least 7.0, the others more than 1.0. Peak memory is that of the process, after the first answer
and after the last; target: ours flat from the second answer on.

| server | rows/s | s | min | max | times | MB after 1 | after 2 | after ${rounds + 1} |
|---|---|---|---|---|---|---|---|---|`)
  for (const entry of entries) say(rowsLine(entry, entry === ours ? undefined : ours, rows))
}

function rowsLine({ contender, answers, peaks }: Entry, ours: Entry | undefined, rows: number): string {
  const seconds = counted(answers)
  const ourSeconds = ours && counted(ours.answers)
  const times = ourSeconds && median(seconds.map((theirs, at) => theirs / (ourSeconds[at] ?? Number.NaN)))
  const middle = median(seconds)
  const cells = [
    contender.name,
    Math.round(rows / middle).toLocaleString('en'),
    ...[middle, Math.min(...seconds), Math.max(...seconds)].map((one) => one.toFixed(3)),
    times === undefined ? '' : times.toFixed(2),
    ...[peaks[0], peaks[1], peaks.at(-1)].map((one) => (one ?? 0).toFixed(0)),
  ]
  return `| ${cells.join(' | ')} |`
}

/** Seconds of the rounds that count: all but the first. */
function counted(answers: readonly ClientAnswer[]): number[] {
  return answers.slice(1).map(({ ms }) => (ms[0] ?? Number.NaN) / 1000)
}

async function smallCalls(entries: readonly Entry[], say: (line: string) => void): Promise<void> {
  say(`
## Small calls, ${calls} of each, a connection for every one

| server | ping, ms | p99 | empty generate, ms | p99 |
|---|---|---|---|---|`)
  for (const { contender, server } of entries) {
    const cells = [contender.name]
    for (const method of ['ping', 'generate'] as const) {
      const { ms } = await ask(server, method, { ...contender.empty, times: warmCalls + calls })
      const sorted = ms.slice(warmCalls).sort((a, b) => a - b)
      cells.push(median(sorted).toFixed(3), (sorted[Math.ceil(calls * 0.99) - 1] ?? 0).toFixed(3))
    }
    say(`| ${cells.join(' | ')} |`)
  }
}

async function startTimes(all: readonly Contender[], say: (line: string) => void): Promise<void> {
  say(`
## From exec to registered, ${starts} starts in turn

| extension | ms | min | max |
|---|---|---|---|`)
  const times = all.map((): number[] => [])
  for (let start = 0; start <= starts; start++) {
    for (const [at, contender] of all.entries()) {
      const server = await startServer(contender)
      if (start > 0) times[at]?.push(server.registeredMs ?? Number.NaN)
      await server.stop()
    }
  }
  for (const [at, { name }] of all.entries()) {
    const found = times[at] ?? []
    const cells = [median(found), Math.min(...found), Math.max(...found)].map((one) => one.toFixed(0))
    say(`| ${name} | ${cells.join(' | ')} |`)
  }
}
