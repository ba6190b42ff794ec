/**
 * Accounts of an image: the hive of Windows' accounts with its profiles, and records of macOS' directory service.
 */
import { join, le, utf16, zeros } from '../byte-writer.ts'
import type { HiveKey } from '../hive-builder.ts'
import { below } from '../hive-keys.ts'
import { binaryLists } from '../plist-builder.ts'
import { aliceSid } from './execution-keys.ts'
import { ordinary, type PlannedFile } from './planned-file.ts'

/** Numbers of the accounts; alice's is the end of her identifier. */
const people = { alice: 1001, bob: 1002 } as const
const system = 'S-1-5-18'

/** The hive of accounts: names by number. */
export const accountKeys: HiveKey = below(
  'SAM\\Domains\\Account\\Users',
  Object.fromEntries(
    Object.entries(people).map(([name, number]) => [
      number.toString(16).toUpperCase().padStart(8, '0'),
      { values: { V: accountValue(name) } },
    ]),
  ),
)

/** Profiles in the hive of the machine: those people, the system, and somebody of a domain. */
export const profileKeys: HiveKey = below('Microsoft\\Windows NT\\CurrentVersion\\ProfileList', {
  ...Object.fromEntries(
    Object.entries(people).map(([name, number]) => [
      aliceSid.replace(/\d+$/, String(number)),
      { values: { ProfileImagePath: `C:\\Users\\${name}` } },
    ]),
  ),
  [system]: { values: { ProfileImagePath: '%systemroot%\\system32\\config\\systemprofile' } },
  'S-1-5-21-9-8-7-2001': { values: { ProfileImagePath: 'C:\\Users\\erin.CORP' } },
})

/** Records of the local node: people, and an account of the system that is hidden. */
export function directoryRecords(): PlannedFile[] {
  const person = (name: string, uid: number, more: Readonly<Record<string, string>> = {}) =>
    ordinary(
      `private/var/db/dslocal/nodes/Default/users/${name}.plist`,
      binaryLists({ name, uid: String(uid), gid: '20', home: `/Users/${name}`, shell: '/bin/zsh', ...more }),
      'record of an account',
    )
  return [
    person('carol', 501, { realname: 'Carol', generateduid: '6E2C1B0A-0000-4000-8000-000000000501' }),
    person('dave', 502),
    person('_mbsetupuser', 248, { home: '/var/setup', shell: '/bin/bash', IsHidden: '1' }),
  ]
}

/** The start of what Windows keeps of an account: the place of the name behind the first 0xcc bytes, and the name. */
function accountValue(name: string): Uint8Array {
  const text = utf16(name)
  return join(zeros(12), le(8, 4), le(text.length, 4), zeros(0xcc - 20), zeros(8), text)
}
