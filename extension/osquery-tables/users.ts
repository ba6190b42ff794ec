/**
 * osquery's table `users`: accounts by what the system itself keeps of them.
 *
 * Linux has them in `etc/passwd`, macOS in a property list for each, Windows in the hive of its accounts and the list of
 * profiles. Accounts of a directory service are not in any of them, but their profiles on Windows are.
 */
import { Bytes } from '../decoders/bytes.ts'
import { maxPlist } from '../decoders/plist.ts'
import { plistFirstTexts } from '../decoders/plist-lists.ts'
import { isRefusal } from '../decoders/refusal.ts'
import type { RegistryKey } from '../native/registry.ts'
import { keysOf, textOf } from './hives.ts'
import { filesLike } from './named-files.ts'
import type { OsqueryRow, OsqueryServices, OsqueryTable } from './services.ts'

const maxPasswdBytes = 4 * 1024 * 1024
const account = /^([^:\n#][^:\n]*):[^:\n]*:(\d{1,10}):(\d{1,10}):([^:\n]*):([^:\n]*):([^:\n]*)$/gm

/** The table. */
export const users: OsqueryTable = {
  name: 'users',
  async *rows({ signal }, services) {
    yield* listed(services, signal)
    yield* ofDirectory(services, signal)
    yield* ofWindows(services, signal)
  },
}

/** passwd(5). */
async function* listed(services: OsqueryServices, signal: AbortSignal): AsyncGenerator<OsqueryRow> {
  for await (const { volume, entry, path } of filesLike('users', services, '/etc/passwd', signal)) {
    const text = await read(services, path, () => services.engine.read([volume.canonical], entry, 0, maxPasswdBytes))
    for (const [, username, uid, gid, description, directory, shell] of Buffer.from(text)
      .toString()
      .matchAll(account)) {
      yield { ...numbers(Number(uid), Number(gid)), username, description, directory, shell }
    }
  }
}

/** Records of the local node of macOS' directory service. */
async function* ofDirectory(services: OsqueryServices, signal: AbortSignal): AsyncGenerator<OsqueryRow> {
  const pattern = '/private/var/db/dslocal/nodes/Default/users/%.plist'
  for await (const { volume, entry, path } of filesLike('users', services, pattern, signal)) {
    const record = plistFirstTexts(
      await read(services, path, () => services.engine.read([volume.canonical], entry, 0, maxPlist)),
    )
    if (isRefusal(record)) {
      if (entry.size > 0) services.problems.add({ table: 'users', path, code: 'damaged', message: record.problem })
      continue
    }
    const [uid, gid] = [record.get('uid'), record.get('gid')].map(Number)
    if (uid === undefined || !Number.isSafeInteger(uid)) continue
    yield {
      ...numbers(uid, Number.isSafeInteger(gid) ? (gid ?? 0) : 0),
      username: record.get('name'),
      description: record.get('realname'),
      directory: record.get('home'),
      shell: record.get('shell'),
      uuid: record.get('generateduid'),
      is_hidden: record.get('IsHidden') === '1' ? 1 : 0,
    }
  }
}

const ofSystem: Readonly<Record<number, string>> = { 18: 'SYSTEM', 19: 'LOCAL SERVICE', 20: 'NETWORK SERVICE' }

/** Names and numbers are in one hive, identifiers and homes in another; the number is the last part of the identifier. */
async function* ofWindows(services: OsqueryServices, signal: AbortSignal): AsyncGenerator<OsqueryRow> {
  const names = new Map<number, string>()
  const accounts = { path: ['SAM', 'Domains', 'Account', 'Users', '*'], values: ['V'] }
  for await (const key of keysOf('users', services, 'accounts', [accounts], signal)) {
    const number = /^[0-9A-F]{8}$/i.test(key.path.at(-1) ?? '') ? Number.parseInt(key.path.at(-1) ?? '', 16) : 0
    const name = nameIn(key)
    if (number > 0 && name !== undefined) names.set(number, name)
  }
  const profiles = {
    path: ['Microsoft', 'Windows NT', 'CurrentVersion', 'ProfileList', '*'],
    values: ['ProfileImagePath'],
  }
  for await (const key of keysOf('users', services, 'software', [profiles], signal)) {
    const uuid = key.path.at(-1) ?? ''
    const number = Number(/^S-1-[\d-]*-(\d{1,10})$/i.exec(uuid)?.[1])
    if (!Number.isSafeInteger(number)) continue
    const directory = textOf(key, 'ProfileImagePath')
    const isPerson = uuid.toUpperCase().startsWith('S-1-5-21-')
    const local = isPerson ? names.get(number) : ofSystem[number]
    yield {
      ...numbers(number, number),
      username: local ?? directory.split('\\').at(-1) ?? '',
      directory,
      shell: 'C:\\Windows\\system32\\cmd.exe',
      uuid,
      type: !isPerson ? 'special' : local === undefined ? 'roaming' : 'local',
    }
  }
}

/** The value V: numbers of four bytes, of which the fourth and fifth place the name behind the first 0xcc bytes. */
function nameIn(key: RegistryKey): string | undefined {
  const hex = textOf(key, 'V')
  if (!/^(?:[0-9a-f]{2})+$/.test(hex)) return undefined
  const bytes = new Bytes(Buffer.from(hex, 'hex'))
  const [at, length] = [bytes.u32(0x0c), bytes.u32(0x10)]
  if (at === undefined || length === undefined || length === 0 || length > 512) return undefined
  const name = bytes.slice(0xcc + at, length)
  return name && Buffer.from(name).toString('utf16le')
}

function numbers(uid: number, gid: number) {
  return { uid, gid, uid_signed: uid | 0, gid_signed: gid | 0 }
}

async function read({ problems }: OsqueryServices, path: string, from: () => Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await from()
  } catch (cause) {
    problems.add({ table: 'users', path, code: 'io', message: cause instanceof Error ? cause.message : String(cause) })
    return new Uint8Array()
  }
}
