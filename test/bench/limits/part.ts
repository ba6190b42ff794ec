/** What the system and the arithmetic cost alone: the limits that the page measures us by. */
import type { Part } from '../part.ts'
import { limits } from './run.ts'

/** The part. */
export const limiting: Part = {
  name: 'limits',
  title: '# Limits',
  how: (rounds) =>
    `Page cache warm, ${rounds} rounds, medians of CPU-seconds. What the same work costs without what we do: the system's part alone,
our digests from memory alone, our programs with nothing to do.`,
  hasTargets: true,
  run: limits,
}
