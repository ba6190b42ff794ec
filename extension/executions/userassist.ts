/**
 * Executions from UserAssist: programs and shortcuts that a user started from the desktop, counted by Windows' shell.
 *
 * Names of values are the paths under ROT13. Since Windows 7 a value has 72 bytes: starts at 4, and the last one as FILETIME
 * at 60; before, 16 bytes with a count that begins at 5. Known from the public work of Didier Stevens and the documentation
 * of the project winreg-kb.
 */
import type { RegistryKey } from '../native/registry.ts'
import type { ExecutionReader, FoundExecution } from './reader.ts'
import { binary, isHive, keysOf, keyText } from './registry-read.ts'
import { windowsTime } from './windows-time.ts'

const explorer = ['Software', 'Microsoft', 'Windows', 'CurrentVersion', 'Explorer', 'UserAssist', '*', 'Count']
/** Of XP, which counts from here. */
const firstCount = 5

/** The reader. */
export const userassist: ExecutionReader = {
  name: 'userassist',
  about: {
    reads: 'Programs and shortcuts that a user started from the desktop: how often, and the last time.',
    blind:
      'What was started otherwise, by a console or by another program. A hive in use is locked by Windows, so that it is read in images only.',
    platforms: ['windows'],
  },
  imagesOnly: true,
  recognises: ({ name }, head) => /^ntuser.*\.dat$/i.test(name) && isHive(head),
  async *read(_file, access, needles) {
    const keys = await keysOf(access, [{ path: explorer }])
    if ('problem' in keys) return yield keys
    for (const key of keys) yield* startsOf(key, needles.mayHold)
  },
}

function* startsOf(key: RegistryKey, mayHold: (text: string) => boolean): Generator<FoundExecution> {
  for (const [name, value] of Object.entries(key.values)) {
    const path = rot13(name).replace(/^UEME_RUN(?:PATH|PIDL|CPL):/, '')
    const bytes = binary(value)
    if (!bytes || path.startsWith('UEME_') || !mayHold(path)) continue
    const isOld = bytes.length === 16
    if (!isOld && bytes.length < 68) continue
    const counted = bytes.u32(4) ?? 0
    const count = isOld ? Math.max(counted - firstCount, 0) : counted
    const time = windowsTime(bytes, isOld ? 8 : 60)
    yield {
      platform: 'windows',
      // a shortcut that was pinned and never used has no time and no count
      proof: count > 0 || time !== undefined ? 'ran' : 'seen',
      record: keyText(key),
      path,
      cmdline: '',
      user: '',
      ...(count > 0 && { count }),
      ...(time !== undefined && { time, lastTime: time }),
      ...(!isOld && { fields: { focus_seconds: Math.round((bytes.u32(12) ?? 0) / 1000) } }),
    }
  }
}

/** ASCII letters turned by half the alphabet. */
function rot13(text: string): string {
  return text.replace(/[a-z]/gi, (one) => {
    const base = one <= 'Z' ? 65 : 97
    return String.fromCharCode(((one.charCodeAt(0) - base + 13) % 26) + base)
  })
}
