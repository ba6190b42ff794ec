/**
 * `npm run bench -- results-diff`: the difference of two results of a million rows, beside a shipper that keeps JSON and
 * compares in Sets; equal answers asserted. Each run is a process of its own that begins with the state of the last run,
 * and ends when the new state is stored, ours durably. osqueryd's own differential is not on this machine.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../contest.ts'

type Say = (line: string) => void

interface Run {
  readonly answer: unknown
  readonly seconds: number
  readonly cpu: number
  readonly rssMb: number
}

const count = 1_000_000
const contenders = [
  { name: 'threecx-hunter', program: 'ours.ts', state: 'state.db' },
  { name: 'JSON in Sets', program: 'naive.ts', state: 'state.json' },
]

/** Runs all and says the results. */
export function resultsDiff(folder: string, rounds: number, say: Say): void {
  mkdirSync(folder, { recursive: true })
  const first = contenders.map((one) => {
    clear(join(folder, one.state))
    return run(folder, one, join(folder, one.state), 0)
  })
  for (const one of contenders) copyFileSync(join(folder, one.state), join(folder, `kept-${one.state}`))
  say('\n## A first result of 1,000,000 rows\n\n| | s | CPU s | MB | state, MB |\n|---|---|---|---|---|')
  for (const [at, one] of contenders.entries()) {
    const result = first[at]
    const bytes = statSync(join(folder, one.state)).size
    if (result) say(`| ${one.name} | ${cells([result])} | ${(bytes / 2 ** 20).toFixed(0)} |`)
  }
  part(folder, rounds, say, 1, 'Target: a third of the time, a tenth of the memory.')
  part(folder, rounds, say, 0, 'Nothing changed, nothing is written by us.')
  say('\nosqueryd is not on this machine; its differential, which keeps JSON too, is not measured.')
}

function part(folder: string, rounds: number, say: Say, changed: number, target: string): void {
  const runs: Run[][] = contenders.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [at, one] of contenders.entries()) {
      const state = join(folder, one.state)
      clear(state)
      copyFileSync(join(folder, `kept-${one.state}`), state)
      runs[at]?.push(run(folder, one, state, changed))
    }
    const [ours, theirs] = runs.map((all) => JSON.stringify(all[round]?.answer))
    // Where nothing changed we tell nothing.
    if (changed > 0 && ours !== theirs) throw new Error(`the answers differ: ${ours} and ${theirs}`)
    if (changed === 0 && ours !== undefined) throw new Error(`a change was told where there is none: ${ours}`)
  }
  say(`\n## 1,000,000 rows, ${changed} % changed\n\n${target} Ratios are medians of the rounds' ratios.\n`)
  say('| | s | CPU s | MB | times as long | times the CPU | times the memory |\n|---|---|---|---|---|---|---|')
  const [ours = []] = runs
  for (const [at, one] of contenders.entries()) {
    const all = runs[at] ?? []
    const ratio = (of: (run: Run) => number) =>
      at === 0 ? '' : median(all.map((run, round) => of(run) / of(ours[round] ?? run))).toFixed(1)
    say(
      `| ${one.name} | ${cells(all)} | ${ratio((run) => run.seconds)} | ${ratio((run) => run.cpu)} | ${ratio((run) => run.rssMb)} |`,
    )
  }
}

function run(folder: string, one: { readonly program: string }, state: string, changed: number): Run {
  const environment = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'code') }
  const program = join(import.meta.dirname, one.program)
  const arguments_ = ['--no-warnings', program, state, String(count), String(changed)]
  return JSON.parse(execFileSync(process.execPath, arguments_, { env: environment, encoding: 'utf8' }))
}

function clear(state: string): void {
  for (const suffix of ['', '-wal', '-shm']) if (existsSync(state + suffix)) rmSync(state + suffix)
}

function cells(runs: readonly Run[]): string {
  const middle = (of: (run: Run) => number) => median(runs.map(of))
  return `${middle((run) => run.seconds).toFixed(2)} | ${middle((run) => run.cpu).toFixed(2)} | ${middle((run) => run.rssMb).toFixed(0)}`
}
