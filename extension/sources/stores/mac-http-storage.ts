/**
 * `httpstorages.sqlite`: what servers told macOS' own loading of URLs of themselves, such as other addresses of theirs.
 *
 * Apple documents no table of it, and they changed with the system. So rows are not asked for by name: every text of every
 * row of the database is looked at, and a host or an address among them is told, with the page and the row it is in.
 */
import type { Source } from '../source.ts'
import { isDatabase } from '../sqlite/header.ts'
import { databaseBesides, openStore } from '../sqlite/open-store.ts'
import { ofText, shown } from './contact.ts'
import { evidenceOf } from './database.ts'

const name = 'mac_http_storage'

/** The source. */
export const macHttpStorage: Source = {
  name,
  about: {
    reads:
      'Hosts that told an app or a tool of macOS how else they can be reached, or what to remember of them; whatever the table.',
    blind: 'When that was, and hosts that told nothing of the kind.',
    platforms: ['darwin'],
  },
  besides: databaseBesides,
  recognises: (file, head) => isDatabase(head) && /^httpstorages\.sqlite$/i.test(file.name),
  async *read(file, reader, needles, signal) {
    const { answer, problems } = await openStore(file, reader, [], needles, signal)
    yield* problems
    for (const { page, rowid, texts } of answer?.salvaged ?? []) {
      for (const text of texts) {
        const observables = ofText(text)
        if (observables.length === 0) continue
        yield evidenceOf(name, file, { record: `page:${page}/row:${rowid}`, raw: shown(text), observables })
      }
    }
  },
}
