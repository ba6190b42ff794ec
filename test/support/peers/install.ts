/**
 * Independent peers, installed from their registries: osquery's Python SDK and osquery-go.
 *
 * What is installed stays in node_modules/.cache, by the digest of what it was made from, so that it is fetched once.
 * Absence is normal: without the tool or the registry the answer is a reason, and whoever asked goes on without it.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A peer, or why there is none. */
export type Peer<T> =
  | { readonly ready: T; readonly missing?: never }
  | { readonly ready?: never; readonly missing: string }

/** The Python SDK: an interpreter that has it, and our scripts for it. */
export interface PythonPeer {
  readonly python: string
  readonly ask: string
  readonly extension: string
}

/** osquery-go: our programs for it. */
export interface GoPeer {
  readonly ask: string
  readonly extension: string
}

const cache = join(import.meta.dirname, '../../../node_modules/.cache/peers')
const requirements = join(import.meta.dirname, 'python/requirements.txt')
const goModule = join(import.meta.dirname, 'go')
const run = promisify(execFile)

/** Milliseconds an installation may take; a registry that does not answer is an absent one. */
const patienceMs = 120_000

/** The Python SDK. */
export async function pythonPeer(): Promise<Peer<PythonPeer>> {
  return await installed('python', [requirements], async (folder) => {
    // A virtual environment knows its own path: it is made where it stays, and counts once it is complete.
    await run('python3', ['-m', 'venv', folder], { timeout: patienceMs })
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements]
    await run(join(folder, 'bin/python'), pip, { timeout: patienceMs })
  }).then((peer) =>
    map(peer, (folder) => ({
      python: join(folder, 'bin/python'),
      ask: join(import.meta.dirname, 'python/ask.py'),
      extension: join(import.meta.dirname, 'python/rows_extension.py'),
    })),
  )
}

/** osquery-go. */
export async function goPeer(): Promise<Peer<GoPeer>> {
  const sources = readdirSync(goModule, { recursive: true, encoding: 'utf8' }).map((name) => join(goModule, name))
  return await installed(
    'go',
    sources.filter((file) => statSync(file).isFile()),
    async (folder) => {
      mkdirSync(folder)
      await run('go', ['build', '-mod=readonly', '-o', `${folder}/`, './...'], { cwd: goModule, timeout: patienceMs })
    },
  ).then((peer) => map(peer, (folder) => ({ ask: join(folder, 'ask'), extension: join(folder, 'rows-extension') })))
}

async function installed(
  name: string,
  sources: readonly string[],
  make: (folder: string) => Promise<void>,
): Promise<Peer<string>> {
  const hash = createHash('sha256')
  for (const source of [...sources].sort()) hash.update(readFileSync(source))
  const folder = join(cache, `${name}-${hash.digest('hex').slice(0, 16)}`)
  const mark = `${folder}.complete`
  if (existsSync(mark)) return { ready: folder }
  mkdirSync(cache, { recursive: true })
  rmSync(folder, { recursive: true, force: true })
  try {
    await make(folder)
    renameSync(mkdtempSync(join(cache, 'mark-')), mark)
    return { ready: folder }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    return { missing: `the ${name} peer could not be installed: ${reasonOf(error)}` }
  }
}

function map<T, U>(peer: Peer<T>, change: (ready: T) => U): Peer<U> {
  return peer.missing === undefined ? { ready: change(peer.ready) } : { missing: peer.missing }
}

function reasonOf(error: unknown): string {
  const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
  const lines = (output || (error instanceof Error ? error.message : String(error))).split('\n')
  return lines.at(-1)?.slice(0, 300) ?? ''
}
