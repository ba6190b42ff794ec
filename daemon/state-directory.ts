/**
 * Where the daemon keeps its state: a directory of its own inside that of threecx, or the one that was named.
 */
import { dirname, join } from 'node:path'
import { defaultStateDir, openStateDir } from '../extension/runtime/state-dir.ts'

/** The daemon's directory, and the one around it, where the hunt keeps its caches. */
export interface StateDirectory {
  readonly own: string
  readonly parent: string
}

/** Where it is; nothing is made. */
export function stateDirectory(named: string | undefined, env: NodeJS.ProcessEnv): StateDirectory {
  if (named !== undefined) return { own: named, parent: named }
  const parent = env['THREECX_STATE'] ?? defaultStateDir(env, process.platform, process.getuid?.() === 0)
  return { own: join(parent, 'daemon'), parent }
}

/** Makes what is missing and checks that it is private. Throws `HunterError` with `state_unusable`. */
export function openStateDirectory(directory: StateDirectory): StateDirectory {
  openStateDir(directory.parent)
  if (dirname(directory.own) === directory.parent) openStateDir(directory.own)
  return directory
}
