/**
 * The Node binary an executable is made of, pinned and proved.
 *
 * For this platform it is the one `npm ci` installed. For another it comes from the npm registry through npm itself,
 * in the version and with the integrity of package-lock.json, and is kept in build/runtimes.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileInTarball } from './tarball.ts'
import { host, type Target } from './target.ts'

/** A Node binary. */
export interface Runtime {
  readonly path: string
  readonly version: string
  /** Of the npm package, as in package-lock.json. */
  readonly integrity: string
}

interface Locked {
  readonly version: string
  readonly integrity: string
}

/** The runtime of a target. Throws with what to do. */
export function runtimeFor(target: Target, root: string): Runtime {
  const locked = lockedPackage(target.runtime, root)
  if (target.platform === host) {
    const path = join(root, 'node_modules', target.runtime, target.binary)
    if (!existsSync(path)) throw new Error(`the pinned Node is not installed (${path}); run npm ci`)
    return { path, ...locked }
  }
  return { path: fetchRuntime(target, locked, root), ...locked }
}

/** What package-lock.json says of a package. */
export function lockedPackage(name: string, root: string): Locked {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Partial<Locked> | undefined>>
  }
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {}
  if (version === undefined || integrity === undefined) throw new Error(`package-lock.json does not pin ${name}`)
  return { version, integrity }
}

function fetchRuntime(target: Target, locked: Locked, root: string): string {
  const directory = join(root, 'build', 'runtimes')
  const kept = join(directory, `${target.runtime}-${locked.version}${target.binary.endsWith('.exe') ? '.exe' : ''}`)
  if (existsSync(kept) && existsSync(`${kept}.sha256`)) {
    if (readFileSync(`${kept}.sha256`, 'utf8') === sha256(readFileSync(kept))) return kept
  }
  mkdirSync(directory, { recursive: true })
  const scratch = mkdtempSync(join(directory, 'fetching-'))
  try {
    const tarball = pack(`${target.runtime}@${locked.version}`, scratch)
    checkIntegrity(tarball, locked.integrity, target.runtime)
    const binary = fileInTarball(tarball, `package/${target.binary}`)
    const partial = join(scratch, 'binary')
    writeFileSync(partial, binary)
    chmodSync(partial, 0o755)
    writeFileSync(`${kept}.sha256`, sha256(binary))
    renameSync(partial, kept)
    return kept
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** Downloads through npm, so that its registry, proxy and cache settings apply. */
function pack(spec: string, directory: string): Uint8Array {
  const args = ['pack', spec, '--pack-destination', directory, '--fetch-retries=1', '--silent']
  const npm = process.env['npm_execpath']
  const options = { cwd: directory, encoding: 'utf8', timeout: 600_000 } as const
  const ended = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
  const [file] = readdirSync(directory).filter((name) => name.endsWith('.tgz'))
  if (ended.status !== 0 || file === undefined) {
    throw new Error(`cannot fetch ${spec} from the npm registry: ${(ended.error?.message ?? ended.stderr).trim()}`)
  }
  return readFileSync(join(directory, file))
}

/** Compares a tarball with what package-lock.json says of it. Throws when they differ. */
export function checkIntegrity(tarball: Uint8Array, expected: string, name: string): void {
  const [algorithm = '', digest] = expected.split('-', 2)
  const found = createHash(algorithm).update(tarball).digest('base64')
  if (found !== digest)
    throw new Error(`${name} has integrity ${algorithm}-${found}; package-lock.json says ${expected}`)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
