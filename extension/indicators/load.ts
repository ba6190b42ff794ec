/**
 * Loading indicator sets of our own format: all of a directory, or named files, strictly and with all problems.
 *
 * A hunt with half its indicators looks like a clean host, so one damaged file fails the load as a whole; the error
 * carries every problem of every file. Other formats come in through import/ and sources.ts.
 */
import { basename, join, relative, resolve, sep } from 'node:path'
import type { IndicatorSet } from '../domain/indicator.ts'
import { bundledDirectory } from './bundled.ts'
import { codeOf, filesBelow, readBounded } from './files.ts'
import { type IndicatorProblem, IndicatorsError } from './problems.ts'
import { type ReadSet, readSet } from './set-file.ts'
import { decodeText } from './text.ts'

/** The sets that ship with this program. */
export function loadBundledSets(): IndicatorSet[] {
  return loadIndicators(bundledDirectory())
}

/** Every set in the sub-directories of `directory`, in the order of their paths. Throws `IndicatorsError`. */
export function loadIndicators(directory: string = bundledDirectory()): IndicatorSet[] {
  const { sets, problems } = examineDirectory(directory)
  if (problems.length > 0) throw new IndicatorsError(problems)
  return sets
}

/** Named files. The id of each must be the end of its path. Throws `IndicatorsError` with the problems of all. */
export function loadSets(paths: readonly string[]): IndicatorSet[] {
  const { sets, problems } = gathered(paths.map((path) => readSetFile(path, shown(path), undefined)))
  if (problems.length > 0) throw new IndicatorsError(problems)
  return sets
}

/** Sets and problems of a directory in our layout (`<directory>/<campaign>/<set>.json`); throws nothing. */
export function examineDirectory(directory: string): { sets: IndicatorSet[]; problems: IndicatorProblem[] } {
  let files: string[]
  try {
    files = filesBelow(directory).filter((file) => file.includes('/') && file.endsWith('.json'))
  } catch (cause) {
    const message = `the directory cannot be read (${codeOf(cause)})`
    return { sets: [], problems: [{ file: shown(directory), place: '', message }] }
  }
  if (files.length === 0) {
    const message = 'the directory holds no indicator sets; expected files such as 3cx/sophos-2023-03.json'
    return { sets: [], problems: [{ file: shown(directory), place: '', message }] }
  }
  return gathered(
    files.map((file) =>
      readSetFile(join(directory, file), shown(join(directory, file)), file.slice(0, -'.json'.length)),
    ),
  )
}

/** Reads one file of our own format. Without `id`, the id must be the end of the path. */
export function readSetFile(path: string, file: string, id: string | undefined): ReadSet {
  const read = readBounded(path)
  if ('problem' in read) return { problems: [{ file, place: '', message: read.problem }] }
  const decoded = decodeText(read.bytes)
  if ('problem' in decoded) return { problems: [{ file, place: '', message: decoded.problem }] }
  const result = readSet(decoded.text, file, id)
  if (id !== undefined || 'problems' in result || isEndOf(result.set.id, path)) return result
  const message = `id is ${JSON.stringify(result.set.id)}; expected the end of the path, such as ${JSON.stringify(basename(path, '.json'))}`
  return { problems: [{ file, place: 'id', message }] }
}

/** A path as messages show it: relative where that is shorter and inside the working directory. */
export function shown(path: string): string {
  const near = relative(process.cwd(), resolve(path))
  return (near.startsWith('..') || near === '' ? path : near).split(sep).join('/')
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
