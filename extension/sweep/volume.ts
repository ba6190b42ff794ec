/**
 * Volumes: the trees a hunt looks at, and how paths in them are named.
 *
 * A live host is its root directory (on Windows, every drive); a mounted image is the directory given with --root,
 * which then stands for `C:\` or `/`. Three names for a file follow: the canonical one that engines open, the one
 * the user typed and wants to read back, and the one the examined system itself would use.
 */
import { existsSync } from 'node:fs'
import { lstat, readdir, realpath } from 'node:fs/promises'
import { isAbsolute, resolve, sep } from 'node:path'
import { HunterError } from '../domain/errors.ts'
import { type PathText, pathFromBytes, pathToBytes } from '../domain/path-text.ts'
import type { Platform } from '../domain/platform.ts'

/** One tree. */
export interface Volume {
  /** As the user names it, absolute, without a trailing separator except for a bare root. */
  readonly display: PathText
  /** Without symbolic links; what engines get. */
  readonly canonical: PathText
  /** How the examined system names this root: `C:\` or `/`; the same as `display` on a live host. */
  readonly imageRoot: string
  /** Whether it is a mounted image (or any directory given as one) instead of this machine. */
  readonly isImage: boolean
  /** Whether files were copied to where they lie, so that their birth times are those of the copy. */
  readonly isCopy: boolean
  /** What was found inside, or said by the user; undefined: could be any. */
  readonly platform: Platform | undefined
}

/** The platform this process runs on, in osquery's words. */
export function hostPlatform(platform: NodeJS.Platform = process.platform): Platform {
  return platform === 'win32' ? 'windows' : platform === 'darwin' ? 'darwin' : 'linux'
}

/** Kernel file systems of a live host, never entered by a walk that does not name them. */
export const kernelTrees: readonly PathText[] = ['/proc', '/sys', '/dev']

/** The volumes of this machine. */
export function liveVolumes(): Volume[] {
  const platform = hostPlatform()
  const roots = platform === 'windows' ? windowsDrives() : ['/']
  return roots.map((root) => ({
    display: root,
    canonical: root,
    imageRoot: root,
    isImage: false,
    isCopy: false,
    platform,
  }))
}

function windowsDrives(): string[] {
  const letters = [...'CDEFGHIJKLMNOPQRSTUVWXYZAB']
  return letters.map((letter) => `${letter}:\\`).filter((root) => existsSync(root))
}

/** A directory taken as the root of an image. */
export async function imageVolume(directory: string, said: Platform | undefined): Promise<Volume> {
  const bytes = Buffer.from(pathToBytes(isAbsolute(directory) ? directory : resolve(directory)))
  try {
    const canonical = pathFromBytes(await realpath(bytes, 'buffer'))
    const found = await lstat(Buffer.from(pathToBytes(canonical)))
    if (!found.isDirectory()) throw new Error('it is not a directory')
    const names = await readdir(Buffer.from(pathToBytes(canonical)))
    const platform = said ?? (await detectPlatform(canonical, names))
    const display = pathFromBytes(bytes).replace(/(?<=.)[/\\]+$/, '')
    const isCopy = !(await isMountPoint(canonical, found.dev))
    return { display, canonical, imageRoot: platform === 'windows' ? 'C:\\' : '/', isImage: true, isCopy, platform }
  } catch (cause) {
    if (cause instanceof HunterError) throw cause
    throw new HunterError('root_unusable', `cannot hunt in ${directory}: ${reason(cause)}`, { cause })
  }
}

/** A directory on another device than the one above it; the root of all is one, too. */
async function isMountPoint(directory: PathText, device: number): Promise<boolean> {
  const above = await lstat(Buffer.concat([Buffer.from(pathToBytes(directory)), Buffer.from('/..')]))
  return above.dev !== device || directory === '/'
}

function reason(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return 'there is no such directory'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'ENOTDIR') return 'it is not a directory'
  if (code === 'ELOOP') return 'too many symbolic links'
  return cause instanceof Error ? cause.message : String(cause)
}

const signs: Readonly<Record<Platform, readonly RegExp[]>> = {
  windows: [/^windows$/i, /^program files/i, /^programdata$/i, /^documents and settings$/i],
  darwin: [/^applications$/i, /^system$/i, /^library$/i, /^private$/i],
  linux: [/^etc$/, /^usr$/, /^var$/, /^home$/],
}

/** By the names at the root; `Users` alone is looked into. Undefined when two fit equally or none does. */
async function detectPlatform(root: PathText, names: readonly string[]): Promise<Platform | undefined> {
  const score = (platform: Platform) => signs[platform].filter((sign) => names.some((name) => sign.test(name))).length
  const scores = (['windows', 'darwin', 'linux'] as const).map((platform) => ({ platform, score: score(platform) }))
  scores.sort((a, b) => b.score - a.score)
  const [best, second] = scores
  if (best && second && best.score > second.score) return best.platform
  return names.includes('Users') ? usersPlatform(root) : undefined
}

async function usersPlatform(root: PathText): Promise<Platform | undefined> {
  const base = Buffer.from(pathToBytes(`${root}/Users`))
  const users = await readdir(base).catch((): string[] => [])
  for (const user of users) {
    const names = await readdir(Buffer.concat([base, Buffer.from(`/${user}`)])).catch((): string[] => [])
    if (names.some((name) => /^appdata$/i.test(name))) return 'windows'
    if (names.includes('Library')) return 'darwin'
  }
  return undefined
}

/** Path of a file as the user reads it. */
export function displayPath(volume: Volume, relative: PathText): PathText {
  return join(volume.display, relative, volume.isImage ? '/' : sep)
}

/** Path of a file as the examined system names it. */
export function imagePath(volume: Volume, relative: PathText): PathText {
  return join(volume.imageRoot, relative, volume.platform === 'windows' ? '\\' : '/')
}

function join(root: string, relative: PathText, separator: string): PathText {
  if (relative === '') return root
  const tail = separator === '/' ? relative : relative.replaceAll('/', separator)
  return root.endsWith(separator) || root.endsWith('/') ? root + tail : `${root}${separator}${tail}`
}

/** The part of an absolute path below a volume, with `/` between components; undefined when it lies elsewhere. */
export function relativeTo(volume: Volume, path: PathText): PathText | undefined {
  for (const root of new Set([volume.display, volume.canonical, volume.imageRoot])) {
    const isWindows = root.includes('\\')
    const slashed = isWindows ? path.replaceAll('\\', '/') : path
    const base = (isWindows ? root.replaceAll('\\', '/') : root).replace(/\/+$/, '')
    const starts = isWindows
      ? slashed.toLowerCase().startsWith(`${base.toLowerCase()}/`)
      : slashed.startsWith(`${base}/`)
    if (starts) return slashed.slice(base.length).split('/').filter(Boolean).join('/')
  }
  return undefined
}
