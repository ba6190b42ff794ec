/**
 * Facts about a load file: its text and what each line leads to.
 *
 * A directory is searched as osquery searches it, all the way down, but with a limit: a line that names `/` is a
 * mistake to report, not one to repeat.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Platform } from '../domain/platform.ts'
import type { EntryFacts, FileFacts, LoadFileFacts } from './facts.ts'
import { gatherFile, readHead } from './gather-file.ts'
import { pathsOf } from './layout.ts'
import { type LoadEntry, parseLoadFile, textOfBytes } from './load-file.ts'

/** Larger than any list of paths; the rest is not read. */
export const maxLoadFileBytes = 1024 * 1024

const maxEntries = 1_000
const maxFilesBelow = 200
const maxDirectoriesBelow = 1_000

/** Looks at a load file and everything it names. Never throws. */
export function gatherLoadFile(path: string, platform: Platform): LoadFileFacts {
  const found = gatherFile(path)
  const bytes = found.nature === 'file' ? readHead(path, maxLoadFileBytes) : undefined
  if (bytes === undefined) return Object.freeze({ ...found, entries: [] })
  const text = parseLoadFile(textOfBytes(bytes))
  const entries = text.entries.slice(0, maxEntries).map((entry) => gatherEntry(entry, platform))
  return Object.freeze({ ...found, text, entries: Object.freeze(entries) })
}

function gatherEntry(entry: LoadEntry, platform: Platform): EntryFacts {
  const found = gatherFile(entry.path)
  const below = found.nature === 'directory' ? filesBelow(entry.path, platform) : { files: [], isCut: false }
  const isAbsolute = pathsOf(platform).isAbsolute(entry.path)
  return Object.freeze({ ...entry, isAbsolute, found, below: Object.freeze(below.files), isCut: below.isCut })
}

function filesBelow(root: string, platform: Platform): { files: FileFacts[]; isCut: boolean } {
  const suffix = platform === 'windows' ? /\.(ext|exe)$/ : /\.ext$/
  const files: FileFacts[] = []
  const left = [root]
  for (let at = 0; at < left.length; at++) {
    const directory = left[at] ?? ''
    for (const name of namesIn(directory)) {
      const file = gatherFile(join(directory, name))
      if (file.nature === 'directory' && !file.isLink) left.push(file.path)
      else if (file.nature === 'file' && suffix.test(name)) files.push(file)
      if (files.length >= maxFilesBelow || left.length >= maxDirectoriesBelow) return { files, isCut: true }
    }
  }
  return { files, isCut: false }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort()
  } catch {
    return []
  }
}
