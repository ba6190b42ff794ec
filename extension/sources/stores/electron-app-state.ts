/**
 * What the 3CX Desktop App keeps of its own: local storage, cache, logs and settings of its profile.
 *
 * The app is a browser in disguise, so requests of the trojanised one leave what those of a browser leave. Cookies and
 * network state are read by the sources of Chromium. Nothing is put together that the app would: texts are told as they
 * lie there, with their place.
 */
import type { Needles, Source, SourceFile, SourceReader, SourceRecord } from '../source.ts'
import { wholeFile } from '../whole-file.ts'
import { blockEntries, isBlockFile, isSimpleEntry, simpleEntry, simpleEntryBytes } from './cache-entries.ts'
import { ofAddress, ofText, shown } from './contact.ts'
import { evidenceOf, present, type StoredContact } from './database.ts'
import { type LevelPiece, logPieces, tablePieces } from './leveldb.ts'
import { rawAddresses } from './raw-addresses.ts'
import { webkitTime } from './times.ts'

const name = 'electron_app_state'
/** Logs of the app roll at some megabytes; a file of blocks grows to some tens. */
const maxBytes = 64 << 20
/** A long text is searched in pieces of this, so that the loop is held up for no longer than one takes (4 to 10 ms, measured). */
const windowBytes = 256 << 10
const windowOverlap = 4096
/** Different addresses of one file; who forges more than this has shown enough. */
const maxContacts = 10_000

/** The source. */
export const electronAppState: Source = {
  name,
  about: {
    reads:
      'Profile of the 3CX Desktop App: addresses in its local storage (LevelDB, packed blocks included), keys of its ' +
      'cache with the time of the entry, its logs and config.json.',
    blind:
      'Bodies of cached answers, keys of the cache longer than 928 bytes on Windows, values split over several records ' +
      'by compaction; settings and logs give no time of a contact.',
    platforms: ['windows', 'darwin', 'linux'],
  },
  recognises: (file, head) => isSimpleEntry(head) || isBlockFile(head) || /\.ldb$/i.test(file.name),
  async *read(file, reader, needles, signal) {
    try {
      yield* recordsOf(file, reader, needles, signal)
    } catch (cause) {
      signal.throwIfAborted()
      const why = cause instanceof Error ? cause.message : String(cause)
      yield { problem: { code: 'io', message: `cannot read ${file.path}: ${why}` } }
    }
  },
}

async function* recordsOf(
  file: SourceFile,
  reader: SourceReader,
  needles: Needles,
  signal: AbortSignal,
): AsyncGenerator<SourceRecord> {
  // Packed blocks and texts in UTF-16 hide from a search, and a profile has a few of these files.
  const isLevel = /\.(?:ldb|sst)$|^\d{6,}\.log$/i.test(file.name)
  if (!isLevel && !(await reader.mayHold())) return
  const head = await reader.read(0, simpleEntryBytes)
  if (isSimpleEntry(head)) return yield* told(file, cached(file, head, needles))
  const bytes = await wholeFile(file, reader, maxBytes, signal)
  if ('problem' in bytes) return void (yield bytes)
  if (isBlockFile(head)) return yield* told(file, blocks(bytes, needles))
  if (!isLevel) return yield* told(file, await texts(bytes, needles, signal))
  if (/\.log$/i.test(file.name)) return yield* told(file, await pieces(logPieces(bytes), needles, signal))
  const table = tablePieces(bytes)
  if (table === undefined || table.damaged > 0) {
    const what = table ? `${table.damaged} of its blocks cannot be unpacked` : 'it is no whole table'
    yield { problem: { code: 'damaged', message: `${file.path}: ${what}; what is not packed was searched` } }
    yield* told(file, await texts(bytes, needles, signal))
  }
  if (table) yield* told(file, await pieces(table.pieces, needles, signal))
}

function* told(file: SourceFile, contacts: Iterable<StoredContact>): Generator<SourceRecord> {
  for (const one of contacts) if (one.observables.length > 0) yield evidenceOf(name, file, one)
}

/** An entry of the cache that is a file: written when the answer came. */
function* cached(file: SourceFile, head: Uint8Array, needles: Needles): Generator<StoredContact> {
  const entry = simpleEntry(head)
  if (!entry || !needles.mayHold(entry.address)) return
  const { address, offset } = entry
  yield { record: 'cache', offset, raw: shown(address), time: file.mtime, observables: ofAddress(address) }
}

function* blocks(bytes: Uint8Array, needles: Needles): Generator<StoredContact> {
  for (const { address, offset, created } of blockEntries(bytes)) {
    if (!needles.mayHold(address)) continue
    const time = present<{ time: number }>({ time: webkitTime(created) })
    yield { record: 'cache', offset, raw: shown(address), ...time, observables: ofAddress(address) }
  }
}

async function pieces(all: readonly LevelPiece[], needles: Needles, signal: AbortSignal): Promise<StoredContact[]> {
  const contacts: StoredContact[] = []
  for (const { offset, bytes } of all) {
    for (const one of await texts(bytes, needles, signal)) contacts.push({ ...one, record: 'block', offset })
    if (contacts.length > maxContacts) break
  }
  return contacts
}

/** Addresses in bytes of no known format, each once: where it stands first, and how often. */
async function texts(bytes: Uint8Array, needles: Needles, signal: AbortSignal): Promise<StoredContact[]> {
  const found = new Map<string, { readonly offset: number | undefined; count: number }>()
  for (let start = 0; start < bytes.length; start += windowBytes) {
    if (start > 0) {
      await new Promise(setImmediate)
      signal.throwIfAborted()
    }
    const from = Math.max(0, start - windowOverlap)
    for (const { text, offset } of rawAddresses(bytes.subarray(from, start + windowBytes + windowOverlap), needles)) {
      const at = offset === undefined ? undefined : from + offset
      // What begins in the overlap belongs to the neighbour, who sees all of it.
      if (at !== undefined && (at < start || at >= start + windowBytes)) continue
      const known = found.get(text)
      if (known) known.count += 1
      else if (found.size < maxContacts) found.set(text, { offset: at, count: 1 })
    }
  }
  return [...found].map(([text, { offset, count }]) => ({
    raw: shown(text),
    ...present<{ offset: number; count: number }>({ offset, count: count > 1 ? count : undefined }),
    observables: ofText(text),
  }))
}
