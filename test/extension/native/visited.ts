/** What a process of its own, running visitor.ts, has to say. */
import { fork } from 'node:child_process'
import { join } from 'node:path'

/** Runs visitor.ts as another user and returns its answer; undefined when the child does not come up or hangs. */
export async function visited(label: string, task: object, uid?: number): Promise<unknown> {
  const child = fork(join(import.meta.dirname, 'visitor.ts'), [label, JSON.stringify(task)], {
    ...(uid !== undefined && { uid, gid: uid }),
    cwd: '/',
    stdio: 'ignore',
    timeout: 15_000,
  })
  let answer: unknown
  child.on('message', (message) => {
    answer = message
  })
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('exit', (exit) => resolve(exit))
  })
  return code === 0 ? answer : undefined
}
