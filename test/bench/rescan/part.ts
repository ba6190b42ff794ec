/** A million files: names alone, and hunted through again when nothing changed. */
import { names } from '../names/run.ts'
import type { Part } from '../part.ts'
import { rescans } from './run.ts'

/** The part. */
export const rescanning: Part = {
  name: 'rescan',
  title: '# Sweeping a million files',
  how: (rounds) =>
    `Whole processes, page cache warm, ${rounds} rounds in turn, medians. "times" is how many times as fast we were;
CPU seconds are user and system, of all threads and children.`,
  hasTargets: true,
  run: (bench) => {
    names(bench)
    rescans(bench.base, bench.rounds, bench.say)
  },
}
