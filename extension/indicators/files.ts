/**
 * Finding and reading indicator files: bounded, sorted, and never following a link out of what was asked for.
 *
 * Reading is synchronous: sets are loaded once, before anything is served, and everything after waits for them.
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { bounds } from './bounds.ts'

/** The bytes of a file, or why there are none. */
export type FileBytes = { readonly bytes: Uint8Array } | { readonly problem: string }

/** A file to be read, wherever it is. */
export interface SourceFile {
  /** As messages show it. */
  readonly name: string
  read(): FileBytes
}

/** Files below one place. */
export interface Folder {
  /** As messages show it. */
  readonly name: string
  /** Paths of its files, with `/`, sorted. Throws when it cannot be read. */
  files(): string[]
  file(path: string): SourceFile
}

/** Directories below the one asked for, and files in all of them. A tree beyond this is not a list of indicators. */
const maxLevels = 8
const maxFiles = 5000

/** A file on disk. */
export function fileAt(path: string): SourceFile {
  return { name: shown(path), read: () => readBounded(path) }
}

/** A directory on disk. */
export function folderAt(directory: string): Folder {
  return {
    name: shown(directory),
    files: () => filesBelow(directory),
    file: (path) => fileAt(join(directory, path)),
  }
}

/** A path as messages show it: relative where that is shorter and inside the working directory. */
export function shown(path: string): string {
  const near = relative(process.cwd(), resolve(path))
  return (near.startsWith('..') || near === '' ? path : near).split(sep).join('/')
}

/** Reads a whole file of at most `bounds.fileBytes`. */
export function readBounded(path: string): FileBytes {
  let file: number
  try {
    if (!statSync(path).isFile()) return { problem: 'not a regular file; expected a list of indicators' }
    file = openSync(path, 'r')
  } catch (cause) {
    return { problem: `the file cannot be read (${codeOf(cause)})` }
  }
  try {
    return readUpTo(file, bounds.fileBytes)
  } catch (cause) {
    return { problem: `the file cannot be read (${codeOf(cause)})` }
  } finally {
    closeSync(file)
  }
}

/** Files below a directory, relative and sorted; links and hidden entries are left out. */
export function filesBelow(directory: string): string[] {
  const found: string[] = []
  const pending: { readonly path: string; readonly levels: number }[] = [{ path: '', levels: 0 }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const entry of readdirSync(join(directory, next.path), { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue
      const path = next.path === '' ? entry.name : `${next.path}/${entry.name}`
      if (entry.isDirectory() && next.levels < maxLevels) pending.push({ path, levels: next.levels + 1 })
      else if (entry.isFile()) found.push(path)
      if (found.length >= maxFiles) return found.sort()
    }
  }
  return found.sort()
}

/** The short name of a failure, such as `ENOENT`. */
export function codeOf(cause: unknown): string {
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message
  return String(cause)
}

/** Reads to the end by what comes, not by the size that was promised: the file may be growing, or a lie of /proc. */
function readUpTo(file: number, limit: number): FileBytes {
  const chunks: Uint8Array[] = []
  let total = 0
  for (;;) {
    const chunk = new Uint8Array(1 << 20)
    const length = readSync(file, chunk)
    if (length === 0) break
    total += length
    if (total > limit) return { problem: `the file has more than ${limit} bytes; expected at most that` }
    chunks.push(chunk.subarray(0, length))
  }
  return { bytes: Buffer.concat(chunks, total) }
}
