/**
 * A database in use, read without disturbing it: its bytes, what its log and journal add, then the rows that may matter.
 *
 * No lock is taken and no file is opened by SQLite. A browser that writes meanwhile can change the file under the
 * reading, so the header and the log's salts are looked at again afterwards and the whole is read anew if they moved.
 */
import type { Needles, SourceFile, SourceProblem, SourceReader } from '../source.ts'
import { readAll } from '../whole-file.ts'
import { headerBytes, readHeader } from './header.ts'
import type { ReadAnswer, TableQuery } from './messages.ts'
import { isHotJournal } from './rollback.ts'
import { readDatabase } from './store-thread.ts'

/**
 * Many times what browsers let a history grow to. It is in memory twice while it is read, as bytes
 * and in WebAssembly: one of 418 MiB took 1.1 GB at the peak (measured), which is too much for an agent.
 */
const maxStoreBytes = 256 << 20
const timeoutMs = 10_000
const attempts = 3

/** Endings of what lies beside a database while it is in use. */
export const databaseBesides: readonly string[] = ['-wal', '-journal']

type Beside = Awaited<ReturnType<SourceReader['beside']>>

/** What was read; absent when no needle occurs in the database, its log or its journal. */
export type OpenedStore = { readonly answer?: ReadAnswer; readonly problems: readonly SourceProblem[] }

/** Reads the rows of some tables that may matter. Never rejects but with the signal's reason. */
export async function openStore(
  file: SourceFile,
  reader: SourceReader,
  queries: readonly TableQuery[],
  needles: Needles,
  signal: AbortSignal,
): Promise<OpenedStore> {
  try {
    const besides = await besidesOf(file, reader)
    if (!(await mayHold(reader, [besides.log, besides.journal]))) return { problems: [] }
    signal.throwIfAborted()
    const size = file.size + (besides.log?.size ?? 0) + (besides.journal?.size ?? 0)
    if (size > maxStoreBytes) {
      return problem(
        'too_big',
        `cannot read ${file.path}: ${size} bytes with its log; expected at most ${maxStoreBytes}`,
      )
    }
    const { isStable, ...buffers } = await readStable(file, reader, signal)
    const request = { ...buffers, needles: needles.texts, queries, timeoutMs, maxBytes: maxStoreBytes }
    const answer = await readDatabase(request, signal)
    const told = answer.problems.map(({ code, message }) => ({
      problem: { code, message: `${file.path}: ${message}` },
    }))
    return { answer, problems: isStable ? told : [...told, ...changed(file)] }
  } catch (cause) {
    signal.throwIfAborted()
    return problem('io', `cannot read ${file.path}: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

function problem(code: string, message: string): OpenedStore {
  return { problems: [{ problem: { code, message } }] }
}

function changed({ path }: SourceFile): SourceProblem[] {
  const message = `${path} was written to during each of ${attempts} readings; rows of the last moments may be missing`
  return [{ problem: { code: 'changed', message } }]
}

/** Texts in UTF-16 hide from a search for bytes, and no browser writes them: such a file is always opened. */
async function mayHold(reader: SourceReader, besides: readonly Beside[]): Promise<boolean> {
  if (await reader.mayHold()) return true
  for (const one of besides) if (one !== undefined && one.size > 0 && (await one.mayHold())) return true
  return readHeader(await reader.read(0, headerBytes))?.isUtf16 === true
}

interface Buffers {
  readonly database: Uint8Array
  readonly log?: Uint8Array
  readonly journal?: Uint8Array
}

/** Its log and journal, which come and go with every transaction. */
async function besidesOf({ name }: SourceFile, reader: SourceReader): Promise<{ log: Beside; journal: Beside }> {
  return { log: await reader.beside(`${name}-wal`), journal: await reader.beside(`${name}-journal`) }
}

/** All bytes, read again while they change; the last reading counts whatever happened. */
async function readStable(file: SourceFile, reader: SourceReader, signal: AbortSignal) {
  for (let left = attempts - 1; ; left--) {
    try {
      const read = await readOnce(file, reader, signal)
      if (read.isStable || left === 0) return read
    } catch (cause) {
      signal.throwIfAborted()
      if (left === 0) throw cause // else a journal that was there is gone
    }
  }
}

async function readOnce(file: SourceFile, reader: SourceReader, signal: AbortSignal) {
  const { log, journal } = await besidesOf(file, reader)
  const marks = async () => [
    Buffer.from(await reader.read(0, headerBytes)).toString('latin1'),
    log === undefined ? '' : Buffer.from(await log.read(0, 32)).toString('latin1'),
    journal === undefined ? '' : Buffer.from(await journal.read(0, 28)).toString('latin1'),
  ]
  const before = await marks()
  const hot = journal !== undefined && isHotJournal(await journal.read(0, 8)) ? journal : undefined
  const buffers: Buffers = {
    // The log first: what moves from it into the database meanwhile is then in both.
    ...(log && { log: await readAll(log, log.size, signal) }),
    database: await readAll(reader, file.size, signal),
    ...(hot && { journal: await readAll(hot, hot.size, signal) }),
  }
  return { ...buffers, isStable: JSON.stringify(before) === JSON.stringify(await marks()) }
}
