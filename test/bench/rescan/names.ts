/**
 * `npm run bench -- rescan`, between its halves: what the walk itself costs, without Node around it.
 *
 * The crate of the native engine as a program of its own (`examples/names.rs`) walks the tree and judges every name by all
 * bundled indicators; none is selected. Beside it run a C program that lists the same names and judges nothing, which is
 * the floor, and `find`. All count regular files, and must agree.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contender, contest, cpuRatio, has, median, timesAsFast } from '../contest.ts'
import { builtExample } from '../programs.ts'

type Say = (line: string) => void

/** Runs the part and says the results. `walk` is the compiled C program, if there is one. */
export function names(base: string, tree: string, walk: string | undefined, rounds: number, say: Say): void {
  const crate = builtExample('scan', 'names', say)
  if (!crate) return
  const rules = join(base, 'rules')
  writeFileSync(rules, bundledRules())
  const counted = (stdout: string) => stdout.trim().split(' ')[0] ?? ''
  const ours = [2, 1].map((threads): Contender => {
    const name = `the crate, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
    return { name, command: `${crate} ${tree} ${threads} ${rules}`, answer: counted }
  })
  const rivals: Contender[] = []
  if (has('find')) rivals.push({ name: 'find -type f', command: `find ${tree} -type f | wc -l`, answer: counted })
  if (walk) rivals.push({ name: 'names, C, one thread', command: `${walk} ${tree} names`, answer: counted })
  const timings = contest([...ours, ...rivals], rounds, 'wall', 'walk')
  const [our] = timings
  say(`
## The walk of 1,000,000 names alone, every name judged by all indicators

Target: find at least 2.0. What is judged costs the difference to the C program, which judges nothing.

| command | s | min | max | times | CPU, s | our CPU / its |
|---|---|---|---|---|---|---|`)
  for (const timing of timings) {
    const times = [median(timing.seconds), Math.min(...timing.seconds), Math.max(...timing.seconds)]
    const [faster, cheaper] = our && timing !== our ? [timesAsFast(our, timing), cpuRatio(our, timing)] : []
    const cells = [
      timing.name,
      ...times.map((one) => one.toFixed(3)),
      faster?.toFixed(2) ?? '',
      median(timing.cpu).toFixed(3),
      cheaper?.toFixed(2) ?? '',
    ]
    say(`| ${cells.join(' | ')} |`)
  }
}

/** The rules of a full sweep, as the crate's program reads them. */
function bundledRules(): string {
  const made = spawnSync(process.execPath, [join(import.meta.dirname, 'rules.ts')], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`cannot compile the indicators: ${made.stderr.slice(-2000)}`)
  return made.stdout
}
