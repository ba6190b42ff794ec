/**
 * `npm run bench -- rescan`, its first half: a tree in which no name means anything, swept with all indicators. Nothing is
 * to be read, so the names are all the work, and a walk that asks for no metadata is the floor.
 */
import { contest } from '../contest.ts'
import type { Bench } from '../part.ts'
import { compiledWalk } from '../rescan/run.ts'
import { grouped, sizes } from '../sizes.ts'
import { smallFiles } from '../trees.ts'
import { sayWallTable } from '../wall-table.ts'
import { ours, rival } from '../whole-process.ts'

/** Runs it and says the results. */
export function names({ base, rounds, say }: Bench): void {
  const tree = smallFiles(base, sizes.manyFiles, 16)
  const walk = compiledWalk(base, say)
  const count = (stdout: string): string => stdout.trim().split(' ')[0] ?? ''
  const timings = contest(
    [
      ours(base, 'sweep', tree, (answer) => String(answer.files)),
      ...rival({ name: 'find -type f', command: `find ${tree} -type f | wc -l`, answer: count }, 'find', say),
      ...(walk ? [{ name: 'walk + stat, C, one thread', command: `${walk} ${tree} stat`, answer: count }] : []),
      ...(walk ? [{ name: 'walk, C, one thread', command: `${walk} ${tree} names`, answer: count }] : []),
    ],
    rounds,
    'wall',
    'names',
  )
  const title = `Sweep of ${grouped(sizes.manyFiles)} files with nothing to read, all indicators`
  sayWallTable(title, 'find at least 2.0; CPU below 0.6 of walk + stat', timings, say)
}
