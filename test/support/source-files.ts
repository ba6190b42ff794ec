/**
 * Files as a source gets them: a reader over real files, needles, and everything a source says of one.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Needles, Source, SourceFile, SourceReader, SourceRecord } from '../../extension/sources/source.ts'

/** Needles of a few texts; longer lists have the product's own search. */
export function needlesOf(texts: readonly string[]): Needles {
  const lower = texts.map((one) => one.toLowerCase())
  return { texts: lower, mayHold: (text) => lower.some((one) => text.toLowerCase().includes(one)) }
}

/** What the tests seek: published hosts, a path, and an address. */
export const needles = needlesOf([
  'officeaddons.com',
  'pbxsources.com',
  'msstorageazure.com',
  'azureonlinestorage.com',
  'raw.githubusercontent.com/iconstorages/images/main/',
])

/** A reader that counts what it reads. */
export interface CountingReader extends SourceReader {
  readonly size: number
  bytesRead: number
}

/** A real file. */
export function readerOf(path: string, wanted: Needles = needles): CountingReader {
  const reader: CountingReader = {
    size: statSync(path).size,
    bytesRead: 0,
    read: async (offset, length) => {
      const file = openSync(path, 'r')
      try {
        const bytes = new Uint8Array(Math.max(0, Math.min(length, fstatSync(file).size - offset)))
        const read = readSync(file, bytes, 0, bytes.length, offset)
        reader.bytesRead += read
        return bytes.subarray(0, read)
      } finally {
        closeSync(file)
      }
    },
    lines: () => {
      throw new Error('no store is read by lines')
    },
    events: () => {
      throw new Error('no store is an event log')
    },
    mayHold: async () => wanted.mayHold(readFileSync(path, 'latin1')),
    beside: async (name) => {
      const other = join(dirname(path), name)
      return existsSync(other) ? readerOf(other, wanted) : undefined
    },
  }
  return reader
}

/** The file as the engine would describe it. */
export function sourceFile(path: string, shown = basename(path)): SourceFile {
  const { size } = statSync(path)
  return { path: shown, name: basename(path), size, mtime: 1_680_000_000, platform: 'linux', user: 'alice' }
}

/** Everything a source says of a file. */
export async function recordsOf(source: Source, path: string, wanted: Needles = needles): Promise<SourceRecord[]> {
  return await recordsFrom(source, sourceFile(path), readerOf(path, wanted), wanted)
}

/** The same of a file and a reader that are not as they should be. */
export async function recordsFrom(
  source: Source,
  file: SourceFile,
  reader: SourceReader,
  wanted: Needles = needles,
  signal: AbortSignal = new AbortController().signal,
): Promise<SourceRecord[]> {
  const records: SourceRecord[] = []
  for await (const one of source.read(file, reader, wanted, signal)) records.push(one)
  return records
}

/** Everything that comes. */
export async function collected<T>(all: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of all) found.push(one)
  return found
}
