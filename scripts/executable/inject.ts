/**
 * Puts bundles and assets into a Node binary, with the builder that comes with Node.
 *
 * https://nodejs.org/api/single-executable-applications.html
 */
import { spawnSync } from 'node:child_process'
import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Runtime } from './runtime.ts'
import { host, type Target } from './target.ts'

/**
 * Options of V8, chosen by measuring an idle process with all tables loaded (docs/decisions/0007): the heap of a thread
 * is capped; young objects get little room, because a waiting thread keeps it; one helper thread instead of four; no
 * middle compiler, whose code and products are 3.5 MB and which the row encoder does not miss.
 */
export const memoryOptions: readonly string[] = [
  '--max-old-space-size=256',
  '--max-semi-space-size=1',
  '--v8-pool-size=1',
  '--no-maglev',
]

/** What the environment or a signal may not do to a process that runs as root: name code to load, open a debugger. */
function guards({ platform }: Target): string[] {
  return [`--openssl-config=${platform.startsWith('win32-') ? 'NUL' : '/dev/null'}`, '--disable-sigusr1']
}

/** Options that are built into the executable. */
export function execArgvOf(target: Target): string[] {
  return [...memoryOptions, ...guards(target)]
}

/** The parts of an executable. */
export interface Parts {
  readonly target: Target
  readonly runtime: Runtime
  /** Path of the main bundle. */
  readonly main: string
  /** Paths of assets by name. */
  readonly assets: Readonly<Record<string, string>>
}

/** Builds the executable at `output`, using `scratch` for files on the way. Says whether the runtime was stripped. */
export function inject(parts: Parts, output: string, scratch: string): { stripped: boolean } {
  const stripped = strip(parts, join(scratch, 'runtime'))
  const execArgv = execArgvOf(parts.target)
  const isNative = parts.target.platform === host
  const config = {
    // Relative to where the builder runs: the name is shown in stack traces and is part of the result.
    main: relative(scratch, parts.main),
    output: join(scratch, 'injected'),
    executable: stripped ?? parts.runtime.path,
    disableExperimentalSEAWarning: true,
    // V8 takes compiled code only under the options it was made with, so the builder runs with the same ones.
    useCodeCache: isNative,
    useSnapshot: false,
    execArgv,
    // Neither NODE_OPTIONS nor a flag may bring code into a process that runs as root.
    execArgvExtension: 'none',
    assets: parts.assets,
  }
  const file = join(scratch, 'sea.json')
  writeFileSync(file, JSON.stringify(config))
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS'))
  const ended = spawnSync(process.execPath, [...memoryOptions, '--build-sea', file], {
    encoding: 'utf8',
    cwd: scratch,
    env,
  })
  if (ended.status !== 0) throw new Error(`node --build-sea failed: ${(ended.error?.message ?? ended.stderr).trim()}`)
  copyInPages(config.output, output)
  if (parts.target.platform.startsWith('darwin-')) signAdHoc(output)
  return { stripped: stripped !== undefined }
}

/**
 * A copy of the runtime without symbols, where `strip` is there and understands it: 30 MB less. Before the injection
 * and never after it, which makes a file that crashes. Mach-O and PE have hardly any symbols.
 */
function strip({ target, runtime }: Parts, output: string): string | undefined {
  if (!target.platform.startsWith('linux-')) return undefined
  const { status } = spawnSync('strip', ['-o', output, runtime.path], { stdio: 'ignore' })
  return status === 0 ? output : undefined
}

/** macOS kills a program whose signature is gone or wrong. Without an identity this is enough to try it on one machine. */
function signAdHoc(file: string): void {
  if (process.platform !== 'darwin') return
  const { status, stderr } = spawnSync('codesign', ['--force', '--sign', '-', file], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`codesign --sign - failed: ${stderr}`)
}

/**
 * Copies in small pieces. A file just written in large ones lies in the page cache in large units, and Linux then counts
 * whole units as resident for every byte the process touches: 35 MB more than after the file was read back from disk.
 */
function copyInPages(from: string, to: string): void {
  const bytes = readFileSync(from)
  const file = openSync(to, 'wx', 0o755)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, Math.min(4096, bytes.length - at))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
