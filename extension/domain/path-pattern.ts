/**
 * Published paths, as patterns below the root of a volume.
 *
 * Lists write `%LOCALAPPDATA%\Programs\...`, `~/Library/...` or `C:\Windows\...`; a sweep sees paths relative to the
 * root of a volume or of a mounted image. This turns the first into a glob over the second, for all users at once.
 * Placeholders in angle brackets (`<GUID>`) stand for any run of characters inside one component.
 */
import { type Platform, platforms } from './platform.ts'

/** Where per-user folders live, as globs below the root. */
const homes: Readonly<Record<Platform, readonly string[]>> = {
  windows: ['Users/*'],
  darwin: ['Users/*', 'private/var/root'],
  linux: ['home/*', 'root'],
}

const windowsFolders: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^%localappdata%$/i, ['Users/*/AppData/Local']],
  [/^%appdata%$/i, ['Users/*/AppData/Roaming']],
  [/^%userprofile%$/i, ['Users/*']],
  [/^%programdata%$/i, ['ProgramData']],
  [/^%programfiles%$/i, ['Program Files', 'Program Files (x86)']],
  [/^%(windir|systemroot)%$/i, ['Windows']],
]

/** Globs for a published path; empty when it names no place below a root (a bare placeholder, a network path). */
export function pathPatterns(value: string, platform: Platform | undefined): string[] {
  const isWindows = platform === 'windows' || (platform === undefined && /^([a-z]:|%)/i.test(value))
  if (isWindows) return windowsPatterns(value)
  const sides = platform === undefined ? platforms.filter((one) => one !== 'windows') : [platform]
  return [...new Set(sides.flatMap((side) => posixPatterns(value, side)))]
}

function windowsPatterns(value: string): string[] {
  const parts = value.split(/[\\/]+/).filter((part) => part !== '')
  const [first, ...rest] = parts
  if (first === undefined || rest.length === 0 || value.startsWith('\\\\')) return []
  const tail = rest.map(placeholders).join('/')
  if (/^[a-z]:$/i.test(first)) return [tail]
  const folders = windowsFolders.find(([name]) => name.test(first))?.[1] ?? []
  return folders.map((folder) => `${folder}/${tail}`)
}

function posixPatterns(value: string, platform: Platform): string[] {
  const tail = (text: string) => text.split('/').filter(Boolean).map(placeholders).join('/')
  if (value.startsWith('~/')) return homes[platform].map((home) => `${home}/${tail(value.slice(2))}`)
  return value.startsWith('/') && value.length > 1 ? [tail(value)] : []
}

function placeholders(component: string): string {
  return component.replace(/<[^<>]*>/g, '*')
}
