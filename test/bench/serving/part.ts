/** Our answers beside those of other SDKs. */
import { join } from 'node:path'
import type { Part } from '../part.ts'
import { serving } from './run.ts'

/** The part. */
export const answering: Part = {
  name: 'serving',
  title: '# Serving rows to osquery',
  how: (rounds) =>
    `All servers run side by side and are asked in turn by one client over UNIX sockets, ${rounds} rounds after a first that is
not counted, medians. "times" is how many times as fast we were.`,
  hasTargets: false,
  run: ({ base, rounds, say }) => serving(join(base, 'serving'), rounds, say),
}
