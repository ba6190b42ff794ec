/**
 * Executions from Windows Prefetch: one file per program and place, with its last starts and what it opened.
 */

import { isPrefetch, maxPrefetchBytes, type Prefetch, readPrefetch } from './prefetch-file.ts'
import type { ExecutionReader, FoundExecution } from './reader.ts'

/** The reader. */
export const prefetch: ExecutionReader = {
  name: 'prefetch',
  about: {
    reads:
      'Windows writes it ten seconds after a start: the last eight starts, how many there were, and every file opened.',
    blind:
      'Off on most servers. Windows keeps 1,024 programs, 128 before Windows 8, and drops the oldest. No user, no command ' +
      'line; what is loaded later than ten seconds after the start is missing.',
    platforms: ['windows'],
  },
  recognises: ({ name }, head) => /\.pf$/i.test(name) && isPrefetch(head),
  async *read(file, access) {
    if (file.size > maxPrefetchBytes) {
      yield { problem: { code: 'too_big', message: `${file.size} bytes are more than a Prefetch file has` } }
      return
    }
    const found = readPrefetch(await access.read(0, file.size))
    if ('problem' in found) yield { problem: { code: 'damaged', message: found.problem } }
    else yield executionOf(found)
  },
}

/** A longer name of a program is cut; its path is not. */
const maxName = 29

/** The record of one file. */
export function executionOf({ version, program, hash, runs, count, files }: Prefetch): FoundExecution {
  const isOwn = (name: string) => (program.length < maxName ? name === program : name.startsWith(program))
  const own = files.find((path) => isOwn(path.slice(path.lastIndexOf('\\') + 1)))
  return {
    platform: 'windows',
    proof: 'ran',
    record: `${program}-${hash}`,
    path: own ?? program,
    cmdline: '',
    user: userOfPath(own ?? ''),
    ...(runs.length === 0 ? {} : { time: runs.at(-1) ?? 0, lastTime: runs[0] ?? 0 }),
    ...(count === undefined ? {} : { count }),
    loaded: files.filter((path) => path !== own),
    fields: { prefetch_version: version, runs: runs.join(','), ...neighbours(own, files) },
  }
}

/** Files of the folder of the program: its own libraries. */
function neighbours(own: string | undefined, files: readonly string[]) {
  if (own === undefined) return {}
  const folder = own.slice(0, own.lastIndexOf('\\') + 1)
  const names = files.filter((path) => path !== own && path.startsWith(folder)).map((path) => path.slice(folder.length))
  return names.length === 0 ? {} : { opened_beside: names.slice(0, maxNeighbours).join(',') }
}

const maxNeighbours = 50

/** User in whose home a program lies, by a path of any form. */
export function userOfPath(path: string): string {
  return /(?:^|\\)users\\([^\\]+)\\/i.exec(path)?.[1] ?? ''
}
