/** The daemon from end to end. */
import { join } from 'node:path'
import type { Part } from '../part.ts'
import { daemon } from './run.ts'

/** The part. */
export const running: Part = {
  name: 'daemon',
  title: '# The daemon',
  how: () =>
    `The single file as a process of its own, asking a core in the process of the benchmark over a real socket.`,
  hasTargets: false,
  run: ({ base, say }) => daemon(join(base, 'daemon'), say),
}
