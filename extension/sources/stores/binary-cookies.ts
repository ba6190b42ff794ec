/**
 * `*.binarycookies`: hosts that set a cookie in Safari, and in apps and tools that use macOS' own loading of URLs.
 */
import type { Source } from '../source.ts'
import { wholeFile } from '../whole-file.ts'
import { binaryCookies, isBinaryCookies } from './binary-cookies-file.ts'
import { ofHost, shown } from './contact.ts'
import { evidenceOf, present } from './database.ts'
import { macTime } from './times.ts'

const name = 'binary_cookies'
/** Some hundred bytes a cookie, and a jar has some thousands at most. */
const maxBytes = 32 << 20

/** The source. */
export const macCookies: Source = {
  name,
  about: {
    reads: 'Cookies of Safari and of apps of macOS: host, name and creation. Values are not read.',
    blind:
      'Hosts that set no cookie, cookies that expired or were deleted, when one was sent last. Cookies that a program writes ' +
      "into its requests itself, as the first stage does, are in no jar. Without Full Disk Access macOS denies Safari's.",
    platforms: ['darwin'],
  },
  recognises: (_, head) => isBinaryCookies(head),
  async *read(file, reader, needles, signal) {
    if (!(await reader.mayHold())) return
    const bytes = await wholeFile(file, reader, maxBytes, signal)
    if ('problem' in bytes) return void (yield bytes)
    const read = binaryCookies(bytes)
    if (!read)
      return void (yield { problem: { code: 'damaged', message: `${file.path} does not begin as cookies do` } })
    if (read.damaged > 0) {
      const message = `${file.path}: ${read.damaged} pages or records cannot be understood; ${read.cookies.length} were read`
      yield { problem: { code: 'damaged', message } }
    }
    const app = file.name.replace(/\.binarycookies$/i, '')
    for (const { offset, domain, name: cookie, path, created } of read.cookies) {
      if (!needles.mayHold(domain)) continue
      const observables = ofHost(domain)
      if (observables.length === 0) continue
      yield evidenceOf(name, file, {
        record: `cookie:${shown(cookie).slice(0, 100)}`,
        offset,
        raw: shown(domain),
        ...present<{ time: number }>({ time: macTime(created) }),
        fields: present({ name: shown(cookie), path: shown(path), app: app === 'Cookies' ? '' : shown(app) }),
        observables,
      })
    }
  },
}
