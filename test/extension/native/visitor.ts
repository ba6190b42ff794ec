/**
 * A process of its own for the tests: as a user without rights, or to see that a process can end.
 *
 * Arguments: the label of an engine, and a task in JSON. The answer is a message to the parent.
 */
import { digestAll, planOf, walkAll } from './ask.ts'
import { contenders } from './engines.ts'
import { sweepAll } from './hostile-sweep.ts'

const [label, text = '{}'] = process.argv.slice(2)
const task = JSON.parse(text) as { root: string; closed?: string; abort?: boolean }
const engine = contenders().find((one) => one.label === label)?.engine
if (engine === undefined) throw new Error(`no engine ${label}`)

if (task.abort) {
  const item = { path: 'sparse', classes: [0] }
  const rejected = await digestAll(engine, task.root, [item], {}, AbortSignal.timeout(100)).then(
    () => false,
    () => true,
  )
  process.send?.({ rejected })
} else {
  const swept = await sweepAll(engine, task.root, {}, 10_000)
  const rejected = await walkAll(engine, planOf(task.closed ?? '/nothing')).then(
    () => false,
    () => true,
  )
  process.send?.({ swept: Object.fromEntries(swept), rejected })
}
process.disconnect?.()
