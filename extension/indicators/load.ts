/**
 * Loading indicator sets of our own format: all of a directory, or named files, strictly and with all problems.
 *
 * A hunt with half its indicators looks like a clean host, so one damaged file fails the load as a whole; the error
 * carries every problem of every file. Other formats come in through import/ and sources.ts.
 */
import { basename, resolve, sep } from 'node:path'
import type { IndicatorSet } from '../domain/indicator.ts'
import { bundledFolder } from './bundled.ts'
import { codeOf, type Folder, fileAt, folderAt, type SourceFile, shown } from './files.ts'
import { type IndicatorProblem, IndicatorsError } from './problems.ts'
import { type ReadSet, readSet } from './set-file.ts'
import { decodeText } from './text.ts'

/** The sets that ship with this program. */
export function loadBundledSets(): IndicatorSet[] {
  return loadFolder(bundledFolder)
}

/** Every set in the sub-directories of `directory`, in the order of their paths. Throws `IndicatorsError`. */
export function loadIndicators(directory: string): IndicatorSet[] {
  return loadFolder(folderAt(directory))
}

/** The same of any folder. */
export function loadFolder(folder: Folder): IndicatorSet[] {
  const { sets, problems } = examineFolder(folder)
  if (problems.length > 0) throw new IndicatorsError(problems)
  return sets
}

/** Named files. The id of each must be the end of its path. Throws `IndicatorsError` with the problems of all. */
export function loadSets(paths: readonly string[]): IndicatorSet[] {
  const { sets, problems } = gathered(paths.map((path) => readNamedSet(path)))
  if (problems.length > 0) throw new IndicatorsError(problems)
  return sets
}

/** Sets and problems of a folder in our layout (`<folder>/<campaign>/<set>.json`); throws nothing. */
export function examineFolder(folder: Folder): { sets: IndicatorSet[]; problems: IndicatorProblem[] } {
  let files: string[]
  try {
    files = folder.files().filter((file) => file.includes('/') && file.endsWith('.json'))
  } catch (cause) {
    const message = `the directory cannot be read (${codeOf(cause)})`
    return { sets: [], problems: [{ file: folder.name, place: '', message }] }
  }
  if (files.length === 0) {
    const message = 'the directory holds no indicator sets; expected files such as 3cx/sophos-2023-03.json'
    return { sets: [], problems: [{ file: folder.name, place: '', message }] }
  }
  return gathered(files.map((file) => readSetFile(folder.file(file), file.slice(0, -'.json'.length))))
}

/** Reads a named file of our own format. The id must be the end of its path. */
function readNamedSet(path: string): ReadSet {
  const result = readSetFile(fileAt(path), undefined)
  if ('problems' in result || isEndOf(result.set.id, path)) return result
  const message = `id is ${JSON.stringify(result.set.id)}; expected the end of the path, such as ${JSON.stringify(basename(path, '.json'))}`
  return { problems: [{ file: shown(path), place: 'id', message }] }
}

function readSetFile(file: SourceFile, id: string | undefined): ReadSet {
  const read = file.read()
  if ('problem' in read) return { problems: [{ file: file.name, place: '', message: read.problem }] }
  const decoded = decodeText(read.bytes)
  if ('problem' in decoded) return { problems: [{ file: file.name, place: '', message: decoded.problem }] }
  return readSet(decoded.text, file.name, id)
}

function gathered(results: readonly ReadSet[]): { sets: IndicatorSet[]; problems: IndicatorProblem[] } {
  const sets: IndicatorSet[] = []
  const problems: IndicatorProblem[] = []
  for (const result of results) {
    if ('set' in result) sets.push(result.set)
    else problems.push(...result.problems)
  }
  return { sets, problems }
}

function isEndOf(id: string, path: string): boolean {
  return `/${resolve(path).split(sep).join('/')}`.endsWith(`/${id}.json`)
}
