/** Our search of logs beside ripgrep's. */
import { join } from 'node:path'
import type { Part } from '../part.ts'
import { logs } from './run.ts'

/** The part. */
export const searching: Part = {
  name: 'logs',
  title: '# Searching logs',
  how: (rounds) =>
    `Whole processes, page cache warm, ${rounds} rounds in turn, medians. "times" is how many times as fast the first row was.`,
  hasTargets: true,
  run: ({ base, rounds, say }) => logs(join(base, 'logs'), rounds, say),
}
