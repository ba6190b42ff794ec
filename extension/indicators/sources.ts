/**
 * A path an operator gives: a list in any known format, or a directory of them.
 *
 * A damaged file of our own format, or a text that cannot be read as what it is, fails the whole: a hunt with half
 * the indicators looks like a clean host. Single lines that cannot be used do not; they are in the reports.
 */
import { statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import type { IndicatorSet } from '../domain/indicator.ts'
import { codeOf, filesBelow, readBounded, shown } from './files.ts'
import { type ImportOptions, type ImportReport, importIndicators } from './import/index.ts'
import { type IndicatorProblem, IndicatorsError } from './problems.ts'
import { loadSharedHosts } from './shared-hosts.ts'

/** Endings of files in a directory that are taken for lists; a README beside them is not one. */
const listEndings = new Set([
  '.json',
  '.csv',
  '.tsv',
  '.txt',
  '.list',
  '.ioc',
  '.iocs',
  '.stix',
  '.stix2',
  '.misp',
  '.sha256',
  '.sha1',
  '.md5',
])

/** Files of a directory in our layout that are not sets. */
const notSets = new Set([
  'schema.json',
  'places.json',
  'places.schema.json',
  'installs.json',
  'installs.schema.json',
  'sources.json',
  'sources.schema.json',
  'shared-hosts.json',
  'shared-hosts.schema.json',
  'checked.json',
])

/** What one file gave. */
export interface OpenedFile {
  readonly file: string
  readonly report: ImportReport
}

/** What a path gave. */
export interface OpenedPath {
  readonly sets: readonly IndicatorSet[]
  readonly files: readonly OpenedFile[]
}

/** Opens a file or a directory. Throws `IndicatorsError` with the problems of all files. */
export function openIndicatorPath(path: string, options: Partial<ImportOptions> = {}): OpenedPath {
  const sets: IndicatorSet[] = []
  const files: OpenedFile[] = []
  const problems: IndicatorProblem[] = []
  const common = { ...options, sharedHosts: options.sharedHosts ?? loadSharedHosts() }
  for (const { file, name } of filesOf(path)) {
    const opened = openFile(file, { ...common, name: options.name ?? name })
    if ('problems' in opened) problems.push(...opened.problems)
    else {
      sets.push(opened.set)
      files.push({ file: shown(file), report: opened.report })
    }
  }
  problems.push(...sameIds(sets, files))
  if (problems.length > 0) throw new IndicatorsError(problems)
  return { sets, files }
}

function filesOf(path: string): { file: string; name: string }[] {
  try {
    if (!statSync(path).isDirectory()) return [{ file: path, name: basename(path) }]
    const found = filesBelow(path).filter((file) => isList(file))
    if (found.length > 0) return found.map((file) => ({ file: join(path, file), name: withoutEnding(file) }))
  } catch (cause) {
    const message = `the path cannot be read (${codeOf(cause)})`
    throw new IndicatorsError([{ file: shown(path), place: '', message }], { cause })
  }
  const message = `the directory holds no lists; expected files that end in ${[...listEndings].join(', ')}`
  throw new IndicatorsError([{ file: shown(path), place: '', message }])
}

function isList(file: string): boolean {
  return listEndings.has(extname(file).toLowerCase()) && !notSets.has(file)
}

/** The name of a file in a directory: with its folders it is unique, and `imported/` keeps it apart from ours. */
function withoutEnding(file: string): string {
  return `imported/${file.slice(0, -extname(file).length)}`
}

function openFile(
  file: string,
  options: ImportOptions,
): { set: IndicatorSet; report: ImportReport } | { problems: readonly IndicatorProblem[] } {
  const read = readBounded(file)
  if ('problem' in read) return { problems: [{ file: shown(file), place: '', message: read.problem }] }
  try {
    return importIndicators(read.bytes, options)
  } catch (cause) {
    if (!(cause instanceof IndicatorsError)) throw cause
    return { problems: cause.problems.map((problem) => ({ ...problem, file: shown(file) })) }
  }
}

function sameIds(sets: readonly IndicatorSet[], files: readonly OpenedFile[]): IndicatorProblem[] {
  const first = new Map<string, string>()
  return sets.flatMap((set, at) => {
    const file = files[at]?.file ?? ''
    const before = first.get(set.id)
    first.set(set.id, before ?? file)
    if (before === undefined) return []
    return [
      {
        file,
        place: 'id',
        message: `set ${JSON.stringify(set.id)} was already given by ${before}; expected another id`,
      },
    ]
  })
}
