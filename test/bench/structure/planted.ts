/**
 * The synthetic positives of every rule as files beside the corpus: without them all contenders could be equal by
 * finding nothing.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundledRules, Rulebook } from '../../../extension/rules/open-rules.ts'
import { ruleSamples } from '../../support/rule-samples.ts'

/** Rules that give no verdict by themselves: a file that only they match is nothing a hunt tells of. */
const silent = new Set(
  new Rulebook([bundledRules()]).sets.flatMap(({ indicators }) =>
    indicators.flatMap(({ status, value }) => (status === 'context' ? [value] : [])),
  ),
)

/** Writes the positives anew; answers with their paths below `files`. They are gone when `remove` was called. */
export function plantSamples(files: string): { readonly paths: readonly string[]; readonly remove: () => void } {
  const folder = join(files, 'planted')
  mkdirSync(folder, { recursive: true })
  const speaking = Object.entries(ruleSamples).filter(([rule]) => !silent.has(rule))
  const paths = speaking.map(([rule, { positive }]) => {
    const path = join('planted', `${rule}.dll`)
    writeFileSync(join(files, path), positive)
    return path
  })
  return { paths: paths.sort(), remove: () => rmSync(folder, { recursive: true, force: true }) }
}
