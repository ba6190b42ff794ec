/**
 * Traces from registry hives of an image: uninstall entries, and the system's own record of programs (Amcache).
 *
 * An entry is no proof that the app is there: uninstallers leave some behind, and Amcache never forgets.
 */
import type { PathText } from '../domain/path-text.ts'
import type { ScanError } from '../domain/scan.ts'
import { type RegistryKey, registryValue } from '../native/registry.ts'
import { displayPath, imagePath } from '../sweep/volume.ts'
import type { FileReader } from './file-traces.ts'
import type { InstallFile } from './look.ts'
import { amcacheEntries, machineEntries, profiles, userEntries } from './registry-place.ts'
import { stated, type Trace } from './trace.ts'

/** What a hive told, or why it told nothing. */
export interface HiveTraces {
  readonly traces: readonly Trace[]
  readonly errors: readonly ScanError[]
}

/** Traces of one hive. */
export async function hiveTraces(reader: FileReader, file: InstallFile, signal: AbortSignal): Promise<HiveTraces> {
  const { engine, volume } = reader
  const { place, entry } = file
  const isAmcache = place.source === 'amcache'
  const isMachine = !isAmcache && place.scope === 'machine'
  const queries = isAmcache ? amcacheEntries : isMachine ? [...machineEntries, profiles] : userEntries
  const keys = await engine.registry([volume.canonical], entry, queries, signal)
  const path = displayPath(volume, entry.path)
  if ('problem' in keys) {
    const code = keys.isUnsupported ? 'unsupported' : 'io'
    return { traces: [], errors: [{ path, code, message: keys.problem }] }
  }
  const base = { path, imagePath: imagePath(volume, entry.path), platform: 'windows' as const }
  if (isAmcache) return { traces: keys.map((key) => amcacheTrace(base, key)), errors: [] }
  const accounts = isMachine ? accountsOf(keys) : new Map<string, string>()
  const entries = keys.filter((key) => !isProfile(key))
  return { traces: entries.map((key) => entryTrace(base, key, ownerOf(key, file, accounts))), errors: [] }
}

type Base = Pick<Trace, 'path' | 'imagePath' | 'platform'>
type Owner = Pick<Trace, 'user' | 'scope'>

function entryTrace(base: Base, key: RegistryKey, owner: Owner): Trace {
  return stated<Trace>({
    ...base,
    ...owner,
    proof: 'something',
    source: 'uninstall_entry',
    version: textOf(key, 'DisplayVersion'),
    product: textOf(key, 'DisplayName'),
    home: folderOf(textOf(key, 'InstallLocation')),
    detail: key.path.join('\\'),
    firstSeen: installDate(textOf(key, 'InstallDate')) ?? positive(key.lastWritten),
    lastSeen: positive(key.lastWritten),
  })
}

function amcacheTrace(base: Base, key: RegistryKey): Trace {
  const program = textOf(key, 'LowerCaseLongPath') ?? textOf(key, '15')
  const version = ['Version', 'BinFileVersion', 'BinProductVersion', '5'].map((name) => textOf(key, name))
  const home = program === undefined ? folderOf(textOf(key, 'RootDirPath')) : programHome(program)
  const user = userOfWindowsPath(home ?? '')
  return stated<Trace>({
    ...base,
    proof: 'something',
    source: 'amcache',
    scope: user === '' ? 'machine' : 'user',
    user,
    version: version.find((text) => text !== undefined && /^\d+\.\d+\.\d+/.test(text)),
    product: textOf(key, 'ProductName') ?? textOf(key, '0'),
    home,
    detail: key.path.join('\\'),
    firstSeen: positive(key.lastWritten),
    lastSeen: positive(key.lastWritten),
  })
}

/** Records of Windows Installer lie under a security identifier; that of the system stands for the machine. */
function ownerOf(key: RegistryKey, { place, user }: InstallFile, accounts: ReadonlyMap<string, string>): Owner {
  const at = key.path.findIndex((name) => name.toLowerCase() === 'userdata')
  const sid = at < 0 ? undefined : key.path[at + 1]
  if (sid === undefined || sid === 'S-1-5-18') return { user, scope: place.scope }
  return { user: accounts.get(sid) ?? sid, scope: 'user' }
}

function isProfile(key: RegistryKey): boolean {
  return key.path.at(-2)?.toLowerCase() === 'profilelist'
}

function accountsOf(keys: readonly RegistryKey[]): Map<string, string> {
  const named = keys.filter(isProfile).flatMap((key) => {
    const home = textOf(key, 'ProfileImagePath')
    const name = home?.split(/[\\/]/).filter(Boolean).at(-1)
    return name === undefined ? [] : [[key.path.at(-1) ?? '', name] as const]
  })
  return new Map(named)
}

function textOf(key: RegistryKey, name: string): string | undefined {
  const value = registryValue(key, name)
  return typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 1000) : undefined
}

/** Folders are stated with quotes, slashes and a separator at the end, or without. */
export function folderOf(text: string | undefined): string | undefined {
  const folder = text
    ?.trim()
    .replace(/^"(.*)"$/, '$1')
    .replaceAll('/', '\\')
    .replace(/\\+$/, '')
  return folder === '' ? undefined : folder
}

/** The folder of the app, by the path of its program. */
export function programHome(path: PathText): string | undefined {
  return folderOf(path.replaceAll('/', '\\').replace(/(\\app[^\\]*)?\\[^\\]+$/i, ''))
}

/** User by a path such as `C:\Users\alice\...`. */
export function userOfWindowsPath(path: string): string {
  return /^[a-z]:\\users\\([^\\]+)\\/i.exec(path)?.[1] ?? ''
}

/** `20230322` as unix seconds of its midnight in UTC; the zone of the host is not known. */
export function installDate(text: string | undefined): number | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(text ?? '') ?? []
  const time = Date.UTC(Number(year), Number(month) - 1, Number(day)) / 1000
  return time > 0 ? time : undefined
}

function positive(seconds: number): number | undefined {
  return seconds > 0 ? seconds : undefined
}
