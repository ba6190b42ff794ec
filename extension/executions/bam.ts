/**
 * Executions from the Background and Desktop Activity Moderators: the last time that a user's program ran, since Windows
 * 10 1709.
 *
 * A value per program is named by its path on a device; its first eight bytes are the time as FILETIME.
 */
import type { ExecutionReader } from './reader.ts'
import { binary, isHive, keysOf, keyText } from './registry-read.ts'
import { windowsTime } from './windows-time.ts'

const settings = ['bam', 'dam'].flatMap((service) =>
  [['State', 'UserSettings'], ['UserSettings']].map((below) => ({
    path: ['ControlSet*', 'Services', service, ...below, '*'],
  })),
)

/** The reader. */
export const bam: ExecutionReader = {
  name: 'bam',
  about: {
    reads: 'The last time that each program of a user ran.',
    blind:
      'Programs on removable and network volumes; entries are removed after some days without a start. The user is a SID where the image does not name it.',
    platforms: ['windows'],
  },
  imagesOnly: true,
  recognises: ({ name }, head) => /^system/i.test(name) && isHive(head),
  async *read(_file, access, needles) {
    const keys = await keysOf(access, settings)
    if ('problem' in keys) return yield keys
    for (const key of keys) {
      const sid = key.path.at(-1) ?? ''
      for (const [path, value] of Object.entries(key.values)) {
        const bytes = needles.mayHold(path) ? binary(value) : undefined
        const time = bytes && windowsTime(bytes, 0)
        if (time === undefined) continue
        const base = { platform: 'windows', proof: 'ran', record: keyText(key), path, cmdline: '' } as const
        yield { ...base, user: access.account(sid) || sid, time, lastTime: time }
      }
    }
  },
}
