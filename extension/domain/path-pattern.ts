/**
 * Published paths, as patterns below the root of a volume.
 *
 * Lists write `%LOCALAPPDATA%\Programs\...`, `~/Library/...` or `C:\Windows\...`; a sweep sees paths relative to the
 * root of a volume or of a mounted image. This turns the first into a glob over the second, for all users at once.
 * Placeholders in angle brackets (`<GUID>`) stand for any run of characters inside one component.
 */
import { foldAscii } from './glob.ts'
import { type Platform, platforms } from './platform.ts'

/** Where per-user folders live, as globs below the root. */
const homes: Readonly<Record<Platform, readonly string[]>> = {
  windows: ['Users/*'],
  darwin: ['Users/*', 'private/var/root'],
  linux: ['home/*', 'root'],
}

const windowsFolders: ReadonlyMap<string, readonly string[]> = new Map([
  ['%localappdata%', ['Users/*/AppData/Local']],
  ['%appdata%', ['Users/*/AppData/Roaming']],
  ['%userprofile%', ['Users/*']],
  ['%programdata%', ['ProgramData']],
  ['%programfiles%', ['Program Files', 'Program Files (x86)']],
  ['%windir%', ['Windows']],
  ['%systemroot%', ['Windows']],
])

/** Globs for a published path; empty when it names no place below a root (a bare placeholder, a network path). */
export function pathPatterns(value: string, platform: Platform | undefined): string[] {
  const isWindows = platform === 'windows' || (platform === undefined && /^([A-Za-z]:|%)/.test(value))
  if (isWindows) return windowsPatterns(value)
  const sides = platform === undefined ? platforms.filter((one) => one !== 'windows') : [platform]
  return [...new Set(sides.flatMap((side) => posixPatterns(value, side)))]
}

function windowsPatterns(value: string): string[] {
  const parts = value.split(/[\\/]+/).filter((part) => part !== '')
  const [first, ...rest] = parts
  if (first === undefined || rest.length === 0 || value.startsWith('\\\\')) return []
  const tail = rest.map(placeholders).join('/')
  if (/^[A-Za-z]:$/.test(first)) return [tail]
  const folders = windowsFolders.get(foldAscii(first)) ?? []
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
