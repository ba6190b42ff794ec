/**
 * Runs the real `threecx` command in a process of its own, with a state directory that is thrown away.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** The launcher that npm puts on the path. */
export const launcher = join(import.meta.dirname, '..', '..', 'cli', 'threecx.mjs')

/** How a command ended. */
export interface Ended {
  readonly exit: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end, as another user where one is given. */
export async function threecx(
  state: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  uid?: number,
): Promise<Ended> {
  const child = spawn(process.execPath, [launcher, ...args], {
    env: { ...process.env, THREECX_STATE: state, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { exit, ...said }
}
