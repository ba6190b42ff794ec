/**
 * Checking a directory of sets, and mending what needs no decision.
 *
 * `check` only reads. `fixFiles` rewrites files whose canonical form differs and leaves the rest untouched, so that a
 * second run writes nothing; the file is replaced as a whole, never half.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundledFolder } from './bundled.ts'
import { filesBelow, folderAt, readBounded, shown } from './files.ts'
import { examineFolder } from './load.ts'
import type { IndicatorProblem } from './problems.ts'
import { fixedFile } from './repair.ts'
import { decodeText } from './text.ts'

/** What a check found. */
export interface Checked {
  readonly sets: number
  readonly indicators: number
  readonly problems: readonly IndicatorProblem[]
}

/** Every problem of every set in a directory, or of the bundled ones; throws nothing. */
export function checkIndicators(directory?: string): Checked {
  const { sets, problems } = examineFolder(directory === undefined ? bundledFolder : folderAt(directory))
  return { sets: sets.length, indicators: sets.reduce((sum, set) => sum + set.indicators.length, 0), problems }
}

/** Rewrites the files of a directory that are not in canonical form; returns those it wrote. */
export function fixFiles(directory: string): string[] {
  const files = filesBelow(directory).filter((file) => file.includes('/') && file.endsWith('.json'))
  return files
    .map((file) => join(directory, file))
    .filter((path) => fixFile(path))
    .map((path) => shown(path))
}

function fixFile(path: string): boolean {
  const read = readBounded(path)
  const decoded = 'problem' in read ? read : decodeText(read.bytes)
  if ('problem' in decoded) return false
  const text = fixedFile(decoded.text)
  if (text === undefined || text === decoded.text) return false
  const beside = `${path}.${process.pid}.tmp`
  writeFileSync(beside, text, { flag: 'wx' })
  renameSync(beside, path)
  return true
}
