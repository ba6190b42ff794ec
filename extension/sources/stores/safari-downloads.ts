/**
 * Safari's `Downloads.plist`: files that were downloaded, from where and when.
 */
import { plistDictionaries } from '../../decoders/plist-dictionaries.ts'
import type { Source } from '../source.ts'
import { wholeFile } from '../whole-file.ts'
import { ofAddress, shown } from './contact.ts'
import { evidenceOf, present } from './database.ts'
import { timeWithin } from './times.ts'

const maxBytes = 8 << 20

/** The source. */
export const safariDownloads: Source = {
  name: 'safari_downloads',
  about: {
    reads: 'List of downloads of Safari: address, file, begin and end.',
    blind:
      'Entries that Safari removed: by default after a day, or at once. Without Full Disk Access macOS denies the file.',
    platforms: ['darwin'],
  },
  recognises: (file, head) =>
    /^downloads\.plist$/i.test(file.name) && /^(?:bplist0|\s*<)/.test(Buffer.from(head).toString('latin1')),
  async *read(file, reader, needles, signal) {
    if (!(await reader.mayHold())) return
    const bytes = await wholeFile(file, reader, maxBytes, signal)
    if ('problem' in bytes) return void (yield bytes)
    const dictionaries = plistDictionaries(bytes)
    if ('problem' in dictionaries) {
      return void (yield { problem: { code: 'damaged', message: `${file.path}: ${dictionaries.problem}` } })
    }
    for (const [at, one] of dictionaries.entries()) {
      const text = (key: string) => {
        const value = one.get(key)
        return typeof value === 'string' ? value : ''
      }
      const time = (key: string) => {
        const value = one.get(key)
        return typeof value === 'number' ? timeWithin(value) : undefined
      }
      const address = text('DownloadEntryURL')
      if (address === '' || !needles.mayHold(address)) continue
      const observables = ofAddress(address)
      if (observables.length === 0) continue
      yield evidenceOf('safari_downloads', file, {
        record: text('DownloadEntryIdentifier').slice(0, 100) || `entry:${at + 1}`,
        raw: shown(address),
        ...present<{ time: number }>({ time: time('DownloadEntryDateAddedKey') }),
        fields: present({ file: shown(text('DownloadEntryPath')), ended: time('DownloadEntryDateFinishedKey') }),
        observables,
      })
    }
  },
}
