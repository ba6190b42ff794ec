/**
 * Which keys may sign indicator bundles on this host: files an operator put there, one public key each.
 *
 * None comes with the program. A file counts only where nobody but root, or the user of this process, could have put
 * it (`runtime/guarded-file.ts`); one that does not count is told and costs itself, so that the others go on. A key
 * that is taken away makes its bundles unusable from the next look on.
 */
import { lstatSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { HunterError } from '../../domain/errors.ts'
import { readGuarded } from '../../runtime/guarded-file.ts'
import { checkGuarded } from '../../runtime/guarded-path.ts'
import { type PublicKey, readPublicKey } from './keys.ts'

/** A key that is trusted, and the file that says so. */
export interface TrustedKey extends PublicKey {
  /** Name of the file, without `.pub`. */
  readonly name: string
}

/** The trusted keys, and why others are not. */
export interface Trust {
  readonly keys: ReadonlyMap<string, TrustedKey>
  readonly problems: readonly string[]
}

/** A public key in PEM has 113 bytes. */
const maxKeyBytes = 1024
/** A host that trusts more signers than this trusts by accident. */
const maxKeys = 64
const ending = '.pub'

/** Where keys are looked for: what was named, else `THREECX_TRUST`, else the directory of the platform. */
export function trustPaths(
  named: readonly string[],
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): readonly string[] {
  if (named.length > 0) return named
  const said = (env['THREECX_TRUST'] ?? '').split(delimiter).filter(Boolean)
  return said.length > 0 ? said : [defaultTrustDirectory(env, platform)]
}

/** The directory of a platform. On macOS the real path of /etc; on Windows one that only administrators write to. */
export function defaultTrustDirectory(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'win32') return join(env['ProgramFiles'] ?? 'C:\\Program Files', 'threecx-hunter', 'trusted-keys')
  return join(platform === 'darwin' ? '/private/etc' : '/etc', 'threecx-hunter', 'trusted-keys')
}

/** Reads key files, and the `.pub` files of directories. A path that is not there has no keys. Never throws. */
export function readTrust(paths: readonly string[]): Trust {
  const keys = new Map<string, TrustedKey>()
  const problems: string[] = []
  const attempt = <T>(path: string, fallback: T, work: () => T): T => {
    try {
      return work()
    } catch (error) {
      problems.push(error instanceof HunterError ? error.message : `cannot trust ${path}: ${reasonOf(error)}`)
      return fallback
    }
  }
  const files = paths.flatMap((path) => attempt(path, [], () => keyFiles(path)))
  for (const file of files.slice(0, maxKeys)) {
    attempt(file, undefined, () => {
      const key = readPublicKey(Buffer.from(readGuarded(file, maxKeyBytes)).toString('latin1'), file)
      if (!keys.has(key.id)) keys.set(key.id, { ...key, name: nameOf(file) })
    })
  }
  if (files.length > maxKeys) problems.push(`${files.length} keys are listed; the first ${maxKeys} are trusted`)
  return { keys, problems }
}

/** Files that keys are read from, by name; empty when there is nothing at the path. Throws when it cannot be trusted. */
export function keyFiles(path: string): readonly string[] {
  let isDirectory: boolean
  try {
    isDirectory = lstatSync(path).isDirectory()
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (isMissing && !path.endsWith(ending)) return [] // a directory that nobody has made yet
    throw error
  }
  if (!isDirectory) return [path]
  checkGuarded(path)
  return readdirSync(path)
    .filter((name) => name.endsWith(ending) && !name.startsWith('.'))
    .sort()
    .map((name) => join(path, name))
}

function nameOf(file: string): string {
  const name = file.replaceAll('\\', '/').split('/').at(-1) ?? file
  return name.endsWith(ending) ? name.slice(0, -ending.length) : name
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
