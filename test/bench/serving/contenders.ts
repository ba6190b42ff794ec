/**
 * Who serves in the contest, and which of them are here.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { goPeer, pythonPeer } from '../../support/peers/install.ts'
import type { ServerCommand } from './servers.ts'

/** A contender and its table without rows, as it is asked for. */
export interface Contender extends ServerCommand {
  /** Serves the large table, too. */
  readonly hasRows: boolean
  /** Measures from SIGUSR2 on how long its loop is held. */
  readonly measuresItself?: boolean
  readonly empty: { readonly table: string; readonly context: string }
}

const empty = { table: 'bench_nothing', context: '{"constraints":[]}' }
const state = join(import.meta.dirname, '../../../build/bench/state')
const executable = join(import.meta.dirname, '../../../dist/threecx_hunter.ext')

/** Ours first; `say` hears why somebody is missing. `folder` is for what runtimes keep between runs. */
export async function contenders(folder: string, say: (line: string) => void): Promise<Contender[]> {
  const program = (file: string): [string, string] => [process.execPath, join(import.meta.dirname, file)]
  const env = { NODE_COMPILE_CACHE: join(folder, 'code'), THREECX_BENCH_HELD: join(folder, 'held') }
  const python = await pythonPeer()
  const go = await goPeer()
  for (const { missing } of [python, go]) if (missing !== undefined) say(`\nLeft out: ${missing}.`)
  const hasFile = existsSync(executable)
  if (!hasFile) say('\nLeft out: dist/threecx_hunter.ext is not built; run npm run build:ext.')
  return [
    { name: 'this SDK', command: program('our-server.ts'), env, hasRows: true, measuresItself: true, empty },
    { name: 'npm thrift', command: program('npm-thrift-server.ts'), env, isPlain: true, hasRows: true, empty },
    ...(python.ready
      ? [{ name: 'Python SDK', command: pair(python.ready.python, python.ready.extension), hasRows: true, empty }]
      : []),
    ...(go.ready ? [{ name: 'Go SDK', command: pair(go.ready.extension), hasRows: true, empty }] : []),
    ...(hasFile ? [hunter()] : []),
  ]
}

/** The extension itself: no rows that anybody else has, but the same calls. */
function hunter(): Contender {
  const list = [{ op: 2, expr: 'no such type' }]
  const context = JSON.stringify({ constraints: [{ name: 'type', list, affinity: 'TEXT' }] })
  return {
    name: 'threecx_hunter.ext',
    command: pair(executable),
    env: { THREECX_STATE: state }, // not below a directory that everybody may write to: it unpacks code there
    hasRows: false,
    empty: { table: 'threecx_indicators', context },
  }
}

function pair(program: string, ...rest: string[]): [string, ...string[]] {
  return [program, ...rest]
}
