/** Our look into browsers' histories beside SQLite's. */
import type { Part } from '../part.ts'
import { browsers } from './run.ts'

/** The part. */
export const browsing: Part = {
  name: 'browsers',
  title: '# Histories of browsers',
  how: (rounds) => `Whole processes, page cache warm, ${rounds} rounds in turn, medians.`,
  hasTargets: false,
  run: ({ base, rounds, say }) => browsers(base, rounds, say),
}
