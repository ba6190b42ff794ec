/**
 * Executions from the cache of application compatibility (ShimCache): programs whose compatibility Windows looked up.
 *
 * The time of an entry is when the file was last changed, not when it ran, so it is only shown.
 */
import type { ExecutionReader } from './reader.ts'
import { binary, isHive, keysOf, keyText } from './registry-read.ts'
import { shimEntries } from './shimcache-entries.ts'

const caches = [{ path: ['ControlSet*', 'Control', 'Session Manager', 'AppCompatCache'], values: ['AppCompatCache'] }]

/** The reader. */
export const shimcache: ExecutionReader = {
  name: 'shimcache',
  about: {
    reads: 'Programs that Windows looked up for compatibility, newest first; up to Windows 8.1 with whether they ran.',
    blind:
      'When, and since Windows 10 whether a program ran. Written at shutdown only. Systems before Windows 7 have other forms.',
    platforms: ['windows'],
  },
  imagesOnly: true,
  recognises: ({ name }, head) => /^system/i.test(name) && isHive(head),
  async *read(_file, access, needles) {
    const keys = await keysOf(access, caches)
    if ('problem' in keys) return yield keys
    for (const key of keys) {
      const bytes = binary(key.values['AppCompatCache'])
      const entries = bytes && shimEntries(bytes)
      if (!entries) {
        yield { problem: { code: 'unsupported', message: `${keyText(key)} has a form that is not known` } }
        continue
      }
      for (const [position, { path, modified, hasRun }] of entries.entries()) {
        if (!needles.mayHold(path)) continue
        yield {
          platform: 'windows',
          proof: hasRun ? 'ran' : 'seen',
          record: keyText(key),
          path,
          cmdline: '',
          user: '',
          fields: { position, ...(modified !== undefined && { file_modified: modified }) },
        }
      }
    }
  },
}
