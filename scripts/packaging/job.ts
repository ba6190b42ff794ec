/**
 * What goes into a package, and what every format needs to know of it.
 *
 * Read once from the executable and what the build left beside it; a format adds nothing of its own to the facts. Times
 * in packages are the time of the last commit (or SOURCE_DATE_EPOCH), so the same input gives the same bytes.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { binaryFormat, headBytes, nativeKinds, type Processor } from '../../extension/deployment/binary-format.ts'
import type { Platform } from '../../extension/domain/platform.ts'
import packageFile from '../../package.json' with { type: 'json' }
import type { Contents } from './contents.ts'

/** Processors that are packaged for. */
export const architectures = ['x64', 'arm64'] as const

/** One of them. */
export type Architecture = (typeof architectures)[number]

/** How the payload is compressed: `gzip` in seconds, `xz` a third smaller in a minute. Both are read everywhere. */
export const compressions = ['gzip', 'xz'] as const

/** One of them. */
export type Compression = (typeof compressions)[number]

/** A package to build. */
export interface Job {
  /** The executable. */
  readonly file: string
  /** Semantic version. */
  readonly version: string
  readonly architecture: Architecture
  /** Unix seconds that stand for every time in the package. */
  readonly epoch: number
  readonly compression: Compression
  /** 0 to 9, of the compression; 0 only stores. */
  readonly level: number
  /** Name and address, as `NAME <ADDRESS>`. */
  readonly maintainer: string
}

/** Who stands in a package when nobody is named; a name that cannot be an address of anybody. */
export const defaultMaintainer = 'threecx-hunter maintainers <maintainers@threecx-hunter.invalid>'

/**
 * Throws when an executable is not for the platform and processor, is not the file that its digest is about, or comes
 * from sources of another version.
 */
export function checkExecutable(
  file: string,
  contents: Contents,
  platform: Platform,
  architecture: Architecture,
): void {
  refuseForeign(file, platform, architecture)
  const digestFile = `${file}.sha256`
  const [digest] = existsSync(digestFile) ? readFileSync(digestFile, 'utf8').split(' ') : []
  if (digest !== undefined && digest !== sha256Of(file)) {
    const remedy = 'after signing, write the digest anew (docs/signing.md)'
    throw new Error(`${file} is not the file that ${basename(digestFile)} is about; ${remedy}`)
  }
  if (contents.version === packageFile.version) return
  throw new Error(
    `${file} is version ${contents.version}; package.json says ${packageFile.version}. Run npm run build:ext`,
  )
}

/** SHA-256 of a file, in hex. */
export function sha256Of(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

/** The time for everything in a package, in Unix seconds. */
export function epochOf(root: string, env: NodeJS.ProcessEnv): number {
  const said = env['SOURCE_DATE_EPOCH']
  if (said !== undefined) {
    if (/^\d{1,11}$/.test(said)) return Number(said)
    throw new Error(`SOURCE_DATE_EPOCH is ${JSON.stringify(said)}; expected seconds since 1970`)
  }
  const { status, stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' })
  if (status === 0 && /^\d+\s*$/.test(stdout)) return Number(stdout)
  throw new Error('the time of the last commit cannot be asked; set SOURCE_DATE_EPOCH to the time of the release')
}

function refuseForeign(file: string, platform: Platform, architecture: Architecture): void {
  const format = binaryFormat(headOf(file))
  const found = 'processors' in format ? format.processors : ([] as readonly Processor[])
  if (format.kind === nativeKinds[platform] && found.includes(architecture)) return
  const what = found.length > 0 ? `${format.kind} for ${found.join(', ')}` : format.kind
  throw new Error(`${file} is ${what}; expected a program for ${platform} ${architecture}`)
}

function headOf(file: string): Uint8Array {
  if (!existsSync(file)) throw new Error(`there is no ${file}; run npm run build:ext, or name it with --file`)
  const head = Buffer.alloc(headBytes)
  const handle = openSync(file, 'r')
  try {
    return head.subarray(0, readSync(handle, head, 0, headBytes, 0))
  } finally {
    closeSync(handle)
  }
}
