/**
 * Who asks for the agent is not the agent: the shell, the osquery and the query that led here name its path.
 */
import type { RunningProcess } from '../domain/process.ts'

/** Numbers of the processes above one, itself included. */
export function ancestors(all: readonly Pick<RunningProcess, 'pid' | 'parent'>[], of: number): Set<number> {
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]))
  const found = new Set<number>()
  for (let pid: number | undefined = of; pid && !found.has(pid); pid = parents.get(pid)) found.add(pid)
  return found
}
