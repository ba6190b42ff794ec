/** Our differences of results beside JSON in Sets. */
import { join } from 'node:path'
import type { Part } from '../part.ts'
import { resultsDiff } from './run.ts'

/** The part. */
export const comparing: Part = {
  name: 'results-diff',
  title: '# Differences of results',
  how: (rounds) =>
    `Whole processes, page cache warm, ${rounds} rounds in turn, medians; peak memory is that of each process.`,
  hasTargets: false,
  run: ({ base, rounds, say }) => resultsDiff(join(base, 'results-diff'), rounds, say),
}
