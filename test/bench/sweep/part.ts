/** Our sweeps beside the tools an operator would use instead. */
import type { Part } from '../part.ts'
import { sweeps } from './run.ts'

/** The part. */
export const sweeping: Part = {
  name: 'sweep',
  title: '# Sweeping files',
  how: (rounds) =>
    `Whole processes, page cache warm, ${rounds} rounds in turn, medians. "times" is how many times as fast we were;
CPU seconds are user and system, of all threads and children.`,
  hasTargets: false,
  run: sweeps,
}
