/** Our look into files beside YARA's. */
import type { Part } from '../part.ts'
import { structure } from './run.ts'

/** The part. */
export const examining: Part = {
  name: 'structure',
  title: '# Looking into files',
  how: (rounds) => `Page cache warm, ${rounds} rounds in turn, medians.`,
  hasTargets: false,
  run: ({ base, rounds, say }) => structure(base, rounds, say),
}
