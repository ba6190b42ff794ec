/** Our digests beside OpenSSL's. */
import { join } from 'node:path'
import type { Part } from '../part.ts'
import { digests } from './run.ts'

/** The part. */
export const digesting: Part = {
  name: 'digests',
  title: '# Digests',
  how: (rounds) =>
    `Page cache warm, ${rounds} rounds in turn, medians of CPU-seconds, user and system. "times" is how many times as many
CPU-seconds the row took as ours.`,
  hasTargets: true,
  run: ({ base, rounds, say }) => digests(base, join(base, 'digests'), rounds, say),
}
