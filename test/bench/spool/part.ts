/** Our spool beside a bare file. */
import { join } from 'node:path'
import type { Part } from '../part.ts'
import { spool } from './run.ts'

/** The part. */
export const spooling: Part = {
  name: 'spool',
  title: '# Spooling events',
  how: (rounds) =>
    `Every append is durable when it returns. Processes in turn, ${rounds} rounds after a first that is not counted, medians;
"times" is how many times as fast we were.`,
  hasTargets: false,
  run: ({ base, rounds, say }) => spool(join(base, 'spool'), rounds, say),
}
