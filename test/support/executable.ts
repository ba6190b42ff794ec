/**
 * The single-file executable for tests: built once for a state of the sources, whoever asks first.
 *
 * Lies in build/test/<digest of all inputs>. Test files run in processes of their own, so a directory is the lock; one
 * whose maker is gone is taken over.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { targets } from '../../scripts/executable/target.ts'
import type { Ended } from './command.ts'

const root = join(import.meta.dirname, '..', '..')
const home = join(root, 'build', 'test')
const patienceMs = 180_000

/** Path of the executable of this platform. */
export async function builtExecutable(): Promise<string> {
  const { output = '' } = targets.find((one) => one.platform === `${process.platform}-${process.arch}`) ?? {}
  const key = inputs()
  const directory = join(home, key)
  const lock = join(home, `${key}.lock`)
  mkdirSync(home, { recursive: true })
  for (const deadline = Date.now() + patienceMs; !existsSync(directory); await wait(100)) {
    if (Date.now() > deadline) throw new Error(`nobody finished the executable; remove ${lock}`)
    if (!take(lock)) continue
    try {
      if (!existsSync(directory)) await build(directory, key)
    } finally {
      rmSync(lock, { recursive: true, force: true })
    }
  }
  return join(directory, output)
}

/** Runs an executable to its end in an environment that has only what is given. */
export async function runAlone(
  file: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; uid?: number } = {},
): Promise<Ended> {
  const { uid, env = {}, cwd = '/' } = options
  const child = spawn(file, args, {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
  })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  }
  const exit = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  return { exit, ...said }
}

async function build(directory: string, key: string): Promise<void> {
  for (const name of readdirSync(home)) {
    if (!name.startsWith(key) && !name.endsWith('.lock')) rmSync(join(home, name), { recursive: true, force: true })
  }
  const partial = `${directory}.partial`
  rmSync(partial, { recursive: true, force: true })
  const script = join(root, 'scripts', 'build-ext.ts')
  const { exit, stderr } = await runAlone(process.execPath, [script, '--out', partial], { env: process.env, cwd: root })
  if (exit !== 0) throw new Error(`build:ext ended with ${exit}: ${stderr}`)
  renameSync(partial, directory)
}

/** Whether the lock is ours now. */
function take(lock: string): boolean {
  try {
    mkdirSync(lock)
    writeFileSync(join(lock, 'pid'), String(process.pid))
    return true
  } catch {
    if (isAbandoned(lock)) rmSync(lock, { recursive: true, force: true })
    return false
  }
}

function isAbandoned(lock: string): boolean {
  try {
    const pid = Number(readFileSync(join(lock, 'pid'), 'utf8'))
    if (pid > 0) process.kill(pid, 0)
    return false
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && cause.code === 'ESRCH'
  }
}

/** A digest over everything that goes into the executable. */
function inputs(): string {
  const hash = createHash('sha256').update(process.version)
  const files = ['cli', 'daemon', 'extension', 'iocs', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|mjs|json|node)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !/[\\/](target|node_modules)[\\/]/.test(path)),
  )
  for (const path of [...files.sort(), join(root, 'package.json'), join(root, 'package-lock.json')]) {
    hash.update(`${path}\0`).update(readFileSync(path))
  }
  return hash.digest('hex').slice(0, 24)
}
