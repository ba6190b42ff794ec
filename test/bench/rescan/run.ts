/**
 * `npm run bench -- rescan`, its second half: the walk alone, then a tree of which nothing changed, hunted through again.
 *
 * The first hunt reads every file, because a bare digest is among the indicators, and finds the one file that has it. The
 * second must find it again and read nothing. Beside it runs the floor: a C program that walks the same tree and asks
 * for the metadata of the same files. Then the share of a core that a gentle hunt keeps to.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { memoryOptions } from '../../../scripts/executable/inject.ts'
import { type Contender, contest, cpuRatio, has, median, runOnce, type Timing, timesAsFast } from '../contest.ts'
import { keepFact, keepMissing } from '../record.ts'
import { grouped, sizes } from '../sizes.ts'
import { smallFiles } from '../trees.ts'
import { names } from './names.ts'
import type { OurRescan } from './ours.ts'

type Say = (line: string) => void

/** The share of one core for the gentle hunt, and how far from it the measured one may be. */
const share = 0.1
const tolerance = 0.02

/** Compiles the walkers and says what they are for; nothing where there is no compiler. */
export function compiledWalk(base: string, say: Say): string | undefined {
  if (!has('cc')) {
    say('\nThere is no C compiler (cc): the walk that asks for metadata is left out.')
    keepMissing('walk + stat, C, one thread', 'no C compiler (cc)')
    return undefined
  }
  const program = join(base, 'walk-stat')
  const source = join(import.meta.dirname, 'walk-stat.c')
  const made = spawnSync('cc', ['-O2', '-o', program, source], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`cc failed: ${made.stderr}`)
  return program
}

/** Runs the part and says the results. */
export function rescans(base: string, rounds: number, say: Say): void {
  const walk = compiledWalk(base, say)
  const tree = smallFiles(base, sizes.manyFiles, 16)
  names(base, tree, walk, rounds, say)
  const state = join(base, 'state')
  rmSync(state, { recursive: true, force: true })
  mkdirSync(state, { mode: 0o700 })
  const needle = join(tree, 'd7', 'e3', 'file-73000.txt')
  const sha256 = createHash('sha256').update(readFileSync(needle)).digest('hex')
  const code = `NODE_COMPILE_CACHE=${join(base, 'code')}`
  // With the options that the executable has built in.
  const node = `${code} ${process.execPath} ${memoryOptions.join(' ')}`
  const command = `${node} ${join(import.meta.dirname, 'ours.ts')} ${tree} ${state} ${sha256}`
  const first = parse(runOnce('rescan-first', 'threecx-hunter', command))
  if (first.hashed !== sizes.manyFiles) throw new Error(`the first hunt read only ${first.hashed} files`)
  const ours: Contender = {
    name: 'threecx-hunter, again',
    command,
    answer: (stdout) => {
      const again = parse(stdout)
      if (again.hashed !== 0 || again.cached !== sizes.manyFiles) throw new Error(`a rescan read ${again.hashed} files`)
      if (String(again.found) !== String([needle]) || String(first.found) !== String([needle])) {
        throw new Error(`the hunts found ${first.found} and ${again.found}, not ${needle}`)
      }
      return String(again.files)
    },
  }
  const floor: Contender[] = walk
    ? [{ name: 'walk + stat, C, one thread', command: `${walk} ${tree} stat`, answer: (stdout) => stdout.trim() }]
    : []
  const [our, other] = contest([ours, ...floor], rounds, 'wall', 'rescan')
  if (our) sayRescan(first, our, other, say)
  sayGentle(parse(runOnce('rescan-gentle', 'threecx-hunter', `${command} ${share}`)), say)
}

function sayRescan(first: OurRescan, our: Timing, other: Timing | undefined, say: Say): void {
  say(`
## ${grouped(sizes.manyFiles)} unchanged files, hunted through again

Target: within 1.15 of walk + stat (1 / times). All indicators and a bare digest, by which every file is selected; one
file is found each time. The first hunt read all files in ${first.seconds.toFixed(1)} s, ${first.cpu.toFixed(1)} CPU seconds.

| command | s | min | max | times | CPU, s | our CPU / its |
|---|---|---|---|---|---|---|`)
  for (const timing of other ? [our, other] : [our]) {
    const times = [median(timing.seconds), Math.min(...timing.seconds), Math.max(...timing.seconds)]
    const isOurs = timing === our
    const cells = [
      timing.name,
      ...times.map((one) => one.toFixed(3)),
      isOurs ? '' : timesAsFast(our, timing).toFixed(2),
      median(timing.cpu).toFixed(3),
      isOurs ? '' : cpuRatio(our, timing).toFixed(2),
    ]
    say(`| ${cells.join(' | ')} |`)
  }
  const again = parse(our.stdout)
  say(`
| hunt | files read | known | peak memory, MB | CPU of the hunt without start-up, s | event loop delay, p99, ms | most |
|---|---|---|---|---|---|---|`)
  for (const [name, one] of [
    ['first', first],
    ['again', again],
  ] as const) {
    const numbers = [one.rss.toFixed(0), one.cpu.toFixed(2), one.p99.toFixed(1), one.held.toFixed(1)]
    say(`| ${name} | ${one.hashed} | ${one.cached} | ${numbers.join(' | ')} |`)
  }
}

function sayGentle({ cpu, seconds }: OurRescan, say: Say): void {
  const kept = cpu / seconds
  keepFact('gentleShare', kept)
  const isKept = Math.abs(kept - share) <= tolerance
  say(`
The same again within ${share * 100} % of one core: ${cpu.toFixed(2)} CPU seconds in ${seconds.toFixed(1)} s are
${(kept * 100).toFixed(1)} %, ${isKept ? 'within' : 'NOT within'} ${tolerance * 100} points.`)
}

function parse(stdout: string): OurRescan {
  return JSON.parse(stdout) as OurRescan // printed by ours.ts
}
