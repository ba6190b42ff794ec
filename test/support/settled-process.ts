/**
 * A process that remembers a tree again and again, for tests that kill it. Argument: a task in JSON. It says `begun` before
 * each hunt, or before each time that it keeps a list.
 */

import { loadNative } from '../../extension/native/native.ts'
import { planOf, walkAll } from '../extension/native/ask.ts'
import { HuntedTree, indicator } from './hunted-tree.ts'

/** What it does: whole hunts, or the keeping of lists alone, of all files and of those below `a` in turn. */
export type SettledTask =
  | { readonly kind: 'hunts'; readonly tree: string; readonly state: string; readonly sought: readonly string[] }
  | { readonly kind: 'lists'; readonly tree: string; readonly list: string; readonly scope: string }

const task = JSON.parse(process.argv[2] ?? '') as SettledTask
const engine = loadNative()
if ('problem' in engine) throw new Error(engine.problem)
process.once('disconnect', () => process.exit())

const begin = () => new Promise((resolve) => process.send?.('begun', resolve))

for (let round = 0; process.connected; round++) {
  if (task.kind === 'hunts') {
    await begin()
    const sought = task.sought.map((value) => indicator('sha256', value))
    await new HuntedTree(engine, task.tree, task.state).hunt(sought, true)
  } else {
    const settled = await engine.settled(task.list, task.scope, Date.now() + 3_600_000)
    const rules = [{ pattern: round % 2 === 0 ? '**' : 'a/**' }]
    const { entries } = await walkAll(engine, planOf(task.tree, { rules, ...(settled && { settled }) }))
    settled?.settle(entries)
    await begin()
    await settled?.save(true)
  }
}
